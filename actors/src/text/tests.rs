//! `statements.json` has statements and their texts in `pg_stat_statements` of PostgreSQL 14 to 18.
//!
//! In its literals every number contains 77 and every text zq, except a few short ones; nothing else does. Statements whose
//! text in the statistics is broken or ambiguous are left out, because activity and statistics differ:
//! - `-(77)` is shown as `$177)`;
//! - `0x1F`, `1_000` on PostgreSQL 14, which reads a number and a column name there;
//! - `not null` as an expression: a constant there, part of a column's definition here;
//! - a word that is not a keyword before a literal without space, as in `jsonb'{}'`: `jsonb$1` is an identifier;
//! - several statements sent at once: the statistics have each separately.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde::Deserialize;

use super::{MARKER, MAX_INPUT_BYTES, MAX_TEXT_BYTES, is_own, normalise};
use crate::model::Engine::{self, Postgres};

#[derive(Deserialize)]
struct Statement {
    raw: String,
    /// Major versions and the text that they show.
    shown: Vec<(Vec<u8>, String)>,
}

fn statements() -> Vec<Statement> {
    serde_json::from_str(include_str!("statements.json")).unwrap()
}

fn text(raw: &str) -> String {
    normalise(Postgres, raw).text
}

fn has_literal(text: &str) -> bool {
    text.contains("zq") || text.contains("77")
}

#[test]
fn the_fingerprint_is_the_same_in_activity_and_all_versions() {
    for Statement { raw, shown } in statements() {
        // the lexer cannot know whether the backslash escapes the quote
        if raw.contains(r"zq\'") && !raw.contains("E'") {
            continue;
        }
        let sent = normalise(Postgres, &raw);
        for (versions, query) in shown {
            assert_eq!(normalise(Postgres, &query), sent, "{versions:?} {query}");
        }
    }
}

#[test]
fn no_literal_is_left() {
    for Statement { raw, shown } in statements() {
        for query in shown.iter().map(|(_, query)| query).chain([&raw]) {
            let text = text(query);
            assert!(
                !has_literal(&text.replace("$77", "").replace("v77x", "").replace("zqrole1", "")),
                "{query}: {text}"
            );
        }
    }
}

#[test]
fn different_statements_have_different_fingerprints() {
    let mut texts = std::collections::HashMap::new();
    for Statement { raw, .. } in statements() {
        let normalised = normalise(Postgres, &raw);
        if let Some(other) = texts.insert(normalised.fingerprint, normalised.text.clone()) {
            assert!(other.eq_ignore_ascii_case(&normalised.text), "{other} and {raw}");
        }
    }
    assert!(texts.len() > 80);
}

#[test]
fn normalised_texts_of_postgres() {
    let cases = [
        ("", ""),
        (" ;; ", ""),
        ("SELECT  Id\n FROM t -- x\n WHERE a=5 ;", "SELECT Id FROM t WHERE a=$1"),
        ("select/**/1", "select $1"),
        ("select $3, 'a', $1", "select $1, $2, $3"),
        ("select a - 5, a -5, -5, (-5), $1 - -5", "select a - $1, a -$2, $3, ($4), $5 - $6"),
        ("a in ( 1 , -2 , '3'::int )", "a in ($1)"),
        ("a in (1, b)", "a in ($1, b)"),
        ("a in (select 1)", "a in (select $1)"),
        ("(a, b) in ((1, 2), (3, 4))", "(a, b) in (($1, $2))"),
        ("values (1, now()), (2, NOW()), (null, now()) ", "values ($1, now())"),
        ("values (1, 2), (3, x) limit 5", "values ($1, $2), ($3, x) limit $4"),
        ("array[1::numeric(3, 1), cast(2 as pg_catalog.int4)]", "array[$1]"),
        (
            "x is null and y is not null and z = null and u is distinct from null and v is not true and w = true",
            "x is null and y is not null and z = $1 and u is distinct from null and v is not true and w = $2",
        ),
        (r"a like 'x' escape '\' and b = 'y'", "a like $1 escape $2 and b = $3"),
        (r"a = 'C:\' and b = 'y'", "a = ..."),
        ("a ->> 'k' @> b ?| c :: int", "a ->> $1 @> b ?| c :: int"),
        ("f(x := 1, y => 2)", "f(x := $1, y => $2)"),
        (r#"select "it''s 5", "a""b" from "T""#, r#"select "it''s 5", "a""b" from "T""#),
        ("a >--zq'\n 5", "a > $1"),
        ("a ||/*zq'*/ 'b'", "a ..."),
        ("select 'abc", "select ..."),
        ("select E'ab\\'zq", "select ..."),
        ("select 1 /* /* */ zq", "select $1 ..."),
        ("a like$1and sys$2 in($3)or b$ = n$4", "a like $1 and sys$2 in($2)or b$ = $3"),
        ("do $x$ zq $y$", "do ..."),
        ("do $é$ zq $é$", "do $1"),
        ("do $😀$ zq $😀$", "do $1"),
        ("select \"zq", "select ..."),
        ("select $1$x$ zq $x$ || $1$x$", "select ..."),
        ("'", "..."),
        ("😀 \\ ` 'zq' {", "😀 \\ ` $1 {"),
        ("copy t from stdin;", "copy t from stdin"),
        ("copy t from stdin;\nzq\tzq\n", "copy t from stdin ..."),
    ];
    for (raw, expected) in cases {
        assert_eq!(text(raw), expected, "{raw}");
    }
}

#[test]
fn normalised_texts_of_clickhouse() {
    let cases = [
        (r"SELECT 'it\'s zq', `a'b` FROM T # zq'", "SELECT $1, `a'b` FROM T"),
        ("SELECT {id:UInt64}, 0xff, x ? 1 : 'zq'", "SELECT {id:UInt64}, $1, x ? $2 : $3"),
        ("INSERT INTO t FORMAT Values (1, 'zq'), (2, 'zq", "INSERT INTO t FORMAT Values ($1, $2), ($3, ..."),
    ];
    for (raw, expected) in cases {
        assert_eq!(normalise(Engine::Clickhouse, raw).text, expected, "{raw}");
    }
    let fingerprint = |raw| normalise(Engine::Clickhouse, raw).fingerprint;
    assert_eq!(fingerprint("select A from t"), fingerprint("SELECT A FROM t"));
    assert_ne!(fingerprint("select A from t"), fingerprint("select a from t"));
}

#[test]
fn fingerprint_ignores_layout_only() {
    let fingerprint = |raw| normalise(Postgres, raw).fingerprint.to_string();
    assert_eq!(
        fingerprint("select ID from T where x=1"),
        fingerprint("SELECT /* c */ id\nFROM t WHERE X = 'a';")
    );
    assert_ne!(fingerprint("select id from \"T\""), fingerprint("select id from t"));
    assert_ne!(fingerprint("select id from t where x = 1"), fingerprint("select id from t where x = 'cut"));
    // stored by every installation: must never change
    assert_eq!(fingerprint("SELECT id FROM t WHERE a IN (1, 2)"), "9228659cffe46595");
}

#[test]
fn own_statements_are_recognized() {
    let own = [format!("select {MARKER} 1"), format!("-- why\n/* x */ WITH\n{MARKER} a as (..)")];
    assert!(own.iter().all(|raw| is_own(raw)));
    let others = ["", "select 1", "/*", "-- x", "é", "select '/* basira */'", "select 1 /* basira */"];
    assert!(others.iter().all(|raw| !is_own(raw)));
}

#[test]
fn output_is_bounded() {
    let long = format!("select '{}', é{}", "zq".repeat(MAX_INPUT_BYTES / 4), ", é".repeat(MAX_TEXT_BYTES));
    let text = text(&long);
    assert!(text.len() <= MAX_TEXT_BYTES && text.ends_with("...") && !has_literal(&text.replace("$77", "")));
}

#[test]
fn long_input_takes_linear_time() {
    let pieces = [
        "(",
        "in (",
        "in ((",
        "array[",
        "[1,",
        "- ",
        "'a' ",
        "a",
        "1,",
        "values (1),",
        ",(1)",
        "/*",
        "$a$",
        "$",
        "::",
        "E'\\''",
        "like$1",
    ];
    for piece in pieces {
        let text = text(&piece.repeat(MAX_INPUT_BYTES / 4 / piece.len()));
        assert!(text.len() <= MAX_TEXT_BYTES);
    }
}

/// Pieces whose literals and comments contain zq, in a form that PostgreSQL reads the same way wherever they stand.
const PIECES: &[&str] = &[
    " 'zq' ",
    " E'\\'zq' ",
    " e'zq\\\\' ",
    " U&'\\0041zq' ",
    " 'it''s zq' ",
    " $$zq'$$ ",
    " $a$ $b$zq$b$ $a$ ",
    "/* zq' */",
    "/* zq /* ' */ \" */",
    "--zq'\n",
    "-- zq \"\r\n",
    "+",
    "-\n",
    "*\n",
    "/\n",
    "<",
    ">",
    "=",
    "~",
    "!",
    "@",
    "#",
    "%",
    "^",
    "&",
    "|",
    "?",
    "||",
    "->>",
    "::",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    ".\n",
    ":",
    " in (",
    " array[",
    " values (",
    " select ",
    " é ",
    " \"a'b\" ",
    " \"c\"\"d'\" ",
    " 77 ",
    " 1.77e-77 ",
    " null ",
    " cast(",
    " 😀 ",
    "\\",
    "`",
    "{",
    "}",
    " x'77' ",
    " b'1' ",
    " n'zq' ",
    " like'zq' ",
    "\t",
    " $77 ",
    " extract(",
    " escape '\\'",
];

#[test]
fn random_statements_are_without_literals() {
    for seed in 0..3_000 {
        let mut random = StdRng::seed_from_u64(seed);
        let raw: String =
            (0..random.random_range(1..40)).filter_map(|_| PIECES.choose(&mut random).copied()).collect();
        let end = raw.floor_char_boundary(random.random_range(0..=raw.len()));
        for raw in [&raw[..], &raw[..end]] {
            let text = text(raw);
            assert!(!has_literal(&text), "seed {seed}: {raw}\n{text}");
        }
    }
}

#[test]
fn random_text_does_not_panic() {
    const NOISE: &[char] = &[
        '\'', '"', '\\', '$', '/', '*', '-', '\n', '\r', ' ', 'E', 'u', '&', 'N', 'x', 'b', '1', '.', '_',
        'e', '(', ')', '[', ']', ',', ';', '?', '@', '\0', '\u{7f}', '\u{a0}', 'é', '😀', '`', '{', '#',
    ];
    for seed in 0..3_000 {
        let mut random = StdRng::seed_from_u64(seed);
        let raw: String = (0..random.random_range(1..60)).filter_map(|_| NOISE.choose(&mut random)).collect();
        for engine in [Engine::Postgres, Engine::Clickhouse] {
            let once = normalise(engine, &raw);
            assert_eq!(normalise(engine, &raw), once);
            let quoted_identifiers = raw.contains(['"', '`']);
            assert!(quoted_identifiers || !once.text.contains('\''), "seed {seed}: {raw}\n{}", once.text);
        }
        let _ = is_own(&raw);
    }
}
