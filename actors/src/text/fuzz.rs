//! Whatever a client sends as SQL, it comes out short, the same each time, and without a panic.

use proptest::strategy::Strategy;

use super::{Engine, MAX_TEXT_BYTES, failure, normalise, plannable, writes};
use crate::fuzzing::{fuzz, text};

const PIECES: &[&str] = &[
    "select ",
    "insert into t values ",
    "in (",
    "array[",
    "'",
    "''",
    "e'",
    "\\'",
    "\\",
    "$$",
    "$a$",
    "$1",
    "\"",
    "`",
    "/*",
    "*/",
    "--",
    "\n",
    "u&'",
    "b'1",
    "x'ff",
    "1e",
    "0x",
    "1_000",
    ".5",
    "::int",
    "(",
    ")",
    ",",
    "[",
    "]",
    ";",
    "{",
    "}",
    "@",
    "#",
    "\0",
    "null",
    " ",
    "hunter2",
];

#[test]
fn any_sql_is_normalised() {
    let engines = proptest::sample::select(&[Engine::Postgres, Engine::Clickhouse]);
    fuzz((engines, text(PIECES, 40)), |(engine, sql)| {
        let first = normalise(engine, &sql);
        assert!(first.text.len() <= MAX_TEXT_BYTES + 3, "{} bytes", first.text.len());
        assert_eq!(normalise(engine, &sql), first);
        let _ = failure(&sql, "select 1");
        let _ = writes(&sql);
        let _ = plannable(&sql);
    });
}

/// A literal is gone whatever stands around it, as long as what is before it is closed.
#[test]
fn no_literal_comes_through() {
    let before =
        proptest::sample::select(&["", "select 1, ", "/* a */ ", "-- it's\n", "$$ ' $$, ", "\"a''b\", "]);
    let around =
        proptest::sample::select(&[("'", "'"), ("e'\\'", "'"), ("$q$", "$q$"), ("'a''", "'"), ("n'", "'")]);
    fuzz(
        (before, around, text(PIECES, 12))
            .prop_map(|(before, (open, close), after)| (before, open, close, after)),
        |(before, open, close, after)| {
            let sql = format!("{before}{open}zebra{close} {after}");
            assert!(!normalise(Engine::Postgres, &sql).text.contains("zebra"), "{sql}");
        },
    );
}
