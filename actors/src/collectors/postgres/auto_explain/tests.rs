use super::entries::{Entry, Format, read};
use super::line_prefix::LinePrefix;
use super::log_position::{LogPosition, MOST_BYTES, bytes};
use crate::collect::Param;

const PLAN: &str =
    "{\n\t  \"Query Text\": \"select 'it''s'\\n, 7\",\n\t  \"Plan\": {\"Node Type\": \"Result\"}\n\t}";

fn parse(entries: &[Entry]) -> Vec<(f64, serde_json::Value)> {
    entries.iter().map(|entry| (entry.duration_ms, serde_json::from_str(&entry.json).unwrap())).collect()
}

fn expected() -> Vec<(f64, serde_json::Value)> {
    vec![(1.5, serde_json::from_str(PLAN).unwrap())]
}

fn formats() -> [Format; 3] {
    [Format::Json, Format::Csv, Format::Plain(LinePrefix::parse("%t [%p] %u@%d "))]
}

fn log(format: &Format, database: &str) -> String {
    let message = format!("duration: 1.5 ms  plan:\n{PLAN}");
    match format {
        Format::Json => {
            let other = serde_json::json!({"dbname": database, "message": "connection received"});
            let plan = serde_json::json!({"dbname": database, "message": message});
            format!("{other}\n{plan}\n")
        }
        Format::Csv => {
            let quoted = message.replace('"', "\"\"");
            let line = |message: &str| {
                format!(
                    "t,\"u\",\"{database}\",1,\"\",s,1,\"SELECT\",t,v,0,LOG,00000,\"{message}\",,,,,,,,,\"app\"\n"
                )
            };
            line("a \"\"quoted\"\" one,\n two lines") + &line(&quoted)
        }
        Format::Plain(_) => {
            format!(
                "2026-01-01 UTC [1] u@{database} LOG:  hello\n2026-01-01 UTC [1] u@{database} LOG:  {message}\n"
            )
        }
    }
}

#[test]
fn plans_are_found_in_every_format_whatever_surrounds_them() {
    for format in formats() {
        let text = log(&format, "other") + &log(&format, "shop") + &log(&format, "shop2");
        let (found, done) = read(&format, text.as_bytes(), "shop");
        assert_eq!(parse(&found), expected(), "{format:?}");
        assert_eq!(done, text.len(), "{format:?}");
    }
}

#[test]
fn bytes_of_another_encoding_cost_no_plan() {
    for format in formats() {
        let text = log(&format, "shop").replace("it''s", "caf\u{1}\u{e9}").into_bytes();
        let invalid = |byte: &u8| if *byte == 1 { 0xe9 } else { *byte };
        let text: Vec<u8> = text.iter().map(invalid).collect();
        let (found, done) = read(&format, &text, "shop");
        assert_eq!((found.len(), done), (1, text.len()), "{format:?}");
        assert!(found[0].json.contains('\u{e9}'), "{format:?} loses more than the byte: {}", found[0].json);
    }
}

#[test]
fn a_log_read_in_any_pieces_gives_each_plan_once() {
    for format in formats() {
        let text = log(&format, "shop") + &log(&format, "é");
        for cut in 0..text.len() {
            let (mut found, done) = read(&format, &text.as_bytes()[..cut], "shop");
            assert!(done <= cut);
            let (rest, _) = read(&format, &text.as_bytes()[done..], "shop");
            found.extend(rest);
            assert_eq!(parse(&found), expected(), "{format:?} cut at {cut}");
        }
    }
}

#[test]
fn other_log_lines_are_not_plans() {
    let noise =
        ["", "\n", "duration: x ms  plan:\nno json\n", " ms  plan:\n", "\u{0}\n\"\n", "{}\n{\"dbname\":1}\n"];
    for format in formats() {
        for text in noise {
            assert_eq!(read(&format, text.as_bytes(), "shop").0, [], "{format:?} {text:?}");
        }
        assert_eq!(read(&format, &[0xff, b'\n', 0xc3], "shop").0, []);
    }
}

fn asked(position: &LogPosition) -> Option<(String, i64)> {
    position.read_params().map(|params| match &params[..] {
        [Param::Text(path), Param::BigInt(offset), Param::BigInt(MOST_BYTES)] => (path.clone(), *offset),
        other => panic!("{other:?}"),
    })
}

#[test]
fn a_log_is_followed_from_its_end_and_over_rotations() {
    let mut position = LogPosition::at_end("a", 100);
    assert!(!position.update("a", 100));
    assert_eq!(asked(&position), None);
    assert!(!position.update("a", 150));
    assert_eq!(asked(&position), Some(("a".to_owned(), 100)));
    assert!(!position.advance(40, 50));
    // the rest of the old file, then the new one from its start
    assert!(!position.update("b", 10));
    assert_eq!(asked(&position), Some(("a".to_owned(), 140)));
    assert!(!position.advance(10, 10));
    assert_eq!(asked(&position), Some(("b".to_owned(), 0)));
    assert!(!position.advance(10, 10));
    // rewritten under its name
    assert!(!position.update("b", 5));
    assert_eq!(asked(&position), Some(("b".to_owned(), 0)));
    // too far behind
    assert!(position.update("b", 100 * MOST_BYTES));
    assert_eq!(asked(&position), None);
}

#[test]
fn an_entry_longer_than_what_is_read_at_once_is_skipped() {
    let mut position = LogPosition::at_end("a", 0);
    position.update("a", 2 * MOST_BYTES);
    assert!(position.advance(0, usize::try_from(MOST_BYTES).unwrap()));
    assert_eq!(asked(&position), Some(("a".to_owned(), MOST_BYTES)));
}

#[test]
fn hex_is_bytes() {
    assert_eq!(bytes("00ff0aC3"), [0, 255, 10, 0xc3]);
    assert_eq!(bytes(""), [0_u8; 0]);
}
