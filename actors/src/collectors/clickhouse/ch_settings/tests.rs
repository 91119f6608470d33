//! Tables of settings, played by hand.

use super::*;
use crate::collect::Interner;
use crate::collect::fixture::{self, Cell, Table as Rows};

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// One row: node, name, value, built-in value and type.
fn row(host: &str, name: &str, value: &str, built_in: &str, value_type: &str) -> Vec<Cell> {
    let changed = Cell::Bool(value != built_in);
    let named = [text(host), text(name), text(value), changed];
    [named.to_vec(), vec![text(built_in), text("What it does.\nMore."), text(value_type), text("session")]]
        .concat()
}

/// A run in which the three tables answer so.
fn run(settings: &mut Settings, tables: [Vec<Vec<Cell>>; 3]) -> Box<Collected> {
    let server = crate::collect::Server { major: 2607, ..fixture::server() };
    settings.begin(&server).expect("a question");
    let clock = vec![vec![text("a"), Cell::At(1_000_000), text("26.7.2.1"), Cell::Int(9)]];
    for rows in std::iter::once(clock).chain(tables) {
        let answer = Answer { rows: &Rows(rows), took: Duration::ZERO };
        if let Step::Done(collected) = settings.answer(&server, answer).expect("a good answer") {
            return collected;
        }
    }
    panic!("not done");
}

fn told(collected: &Collected) -> Vec<(&str, Option<&str>, Option<&str>)> {
    let events = collected.events.iter();
    events.map(|event| (&*event.subject, event.before.as_deref(), event.after.as_deref())).collect()
}

#[test]
fn set_and_reset_settings_are_events() {
    let mut settings = Settings::default();
    let of = |value: &str| {
        [
            vec![row("a", "join_algorithm", "auto", "auto", "JoinAlgorithm")],
            vec![row("a", "mark_cache_size", value, "5368709120", "UInt64")],
            vec![],
        ]
    };
    let first = run(&mut settings, of("5368709120"));
    assert!(first.events.is_empty() && first.records.is_empty());
    let set = run(&mut settings, of("1000"));
    assert_eq!(told(&set), [("server_settings.mark_cache_size", Some("5368709120"), Some("1000"))]);
    let seen = set.snapshots[0].get::<SettingSnapshot>().expect("settings");
    let [shown] = &seen.settings[..] else { panic!("{:?}", seen.settings) };
    assert_eq!((shown.changed, shown.description.as_deref()), (Some(true), Some("What it does.")));
    assert!(run(&mut settings, of("1000")).events.is_empty());
    let back = run(&mut settings, of("5368709120"));
    assert_eq!(told(&back), [("server_settings.mark_cache_size", Some("1000"), Some("5368709120"))]);
    assert!(back.snapshots[0].get::<SettingSnapshot>().expect("settings").settings.is_empty());
}

#[test]
fn the_first_read_of_a_table_reports_no_changes() {
    let mut interner = Interner::default();
    let stored = [interner.intern(Some("max_block_size")), interner.intern(Some("1")), 0, 0];
    let words = interner.drain_new().into_iter().map(|word| (word.hash, word.text)).collect();
    let mut settings = Settings::default();
    settings.restore(&LastValues { rows: vec![(1, stored.to_vec())], texts: words });
    let collected = run(
        &mut settings,
        [
            vec![
                row("a", "max_block_size", "2", "65409", "UInt64"),
                row("a", "group_by", "x", "y", "String"),
            ],
            vec![row("a", "mark_cache_size", "1", "5", "UInt64")],
            vec![],
        ],
    );
    let expected = [("group_by", Some("y"), Some("x")), ("max_block_size", Some("1"), Some("2"))];
    assert_eq!(told(&collected), expected);
}

#[test]
fn secrets_are_hidden_and_numbers_are_not() {
    let mut settings = Settings::default();
    let collected = run(
        &mut settings,
        [
            vec![
                row("a", "force_primary_key", "1", "0", "Bool"),
                row("a", "log_comment", "basira", "", "String"),
            ],
            vec![
                row("a", "interserver_http_credentials.password", "hunter2", "", "String"),
                row("a", "logger.log", "https://joe:hunter2@logs/", "", "String"),
            ],
            vec![],
        ],
    );
    assert!(!format!("{collected:?}").contains("hunter2"));
    let seen = collected.snapshots[0].get::<SettingSnapshot>().expect("settings");
    let shown: Vec<_> = seen.settings.iter().map(|one| (&*one.name, one.setting.as_deref())).collect();
    let expected = [
        ("force_primary_key", Some("1")),
        ("log_comment", None),
        ("server_settings.interserver_http_credentials.password", Some("***")),
        ("server_settings.logger.log", Some("https://joe:***@logs/")),
    ];
    assert_eq!(shown, expected);
    assert!(seen.settings[1].note.is_some());
}

#[test]
fn settings_that_differ_between_nodes_are_marked() {
    let mut settings = Settings::default();
    let rows = vec![
        row("b", "mark_cache_size", "2", "5", "UInt64"),
        row("a", "mark_cache_size", "1", "5", "UInt64"),
        row("b", "same", "1", "5", "UInt64"),
        row("a", "same", "1", "5", "UInt64"),
    ];
    let collected = run(&mut settings, [vec![], rows, vec![]]);
    let seen = collected.snapshots[0].get::<SettingSnapshot>().expect("settings");
    let shown: Vec<_> =
        seen.settings.iter().map(|one| (one.setting.as_deref(), one.note.is_some())).collect();
    assert_eq!(shown, [(Some("1"), true), (Some("1"), false)]);
}
