//! Fuzz tests: any text is normalised to a short one, deterministically and without a panic.

use proptest::strategy::Strategy;

use super::{Engine, MAX_TEXT_BYTES, failure, normalise, plannable, writes};
use basira_test_support::{fuzz, text};

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
    "//",
    "# ",
    "#!",
    "$tag$",
    "\u{2018}",
    "\u{201d}",
    "settings a = ",
    "set a = ",
    "source(",
    "s3(",
    "values (",
    " format tsv ",
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

/// A literal is removed regardless of its context, if quotes and comments before it are closed.
#[test]
fn no_literal_is_left() {
    let before =
        ["", "select 1, ", "/* a */ ", "-- it's\n", "$$ ' $$, ", "\"a''b\", ", "set a = ", "select e'\\'', "];
    let around = [
        ("'", "'"),
        ("e'\\'", "'"),
        ("$q$", "$q$"),
        ("$q_1$ $q$", "$q_1$"),
        ("'a''", "'"),
        ("n'", "'"),
        ("u&'", "'"),
        ("e'a'\n'\\'", "'"),
        ("/*", "*/"),
        ("/* /* ' */", "*/"),
        ("--", "\n"),
    ];
    hides_all(Engine::Postgres, before.to_vec(), around.to_vec());
    let before = [
        "",
        "select 1, ",
        "/* a */ ",
        "// it's\n",
        "$$ ' $$, ",
        "`a\\`'`, ",
        "\"a\\\"'\", ",
        "# it's\n",
        "set a = ",
    ];
    let around = [
        ("'", "'"),
        ("'\\'", "'"),
        ("'a''", "'"),
        ("$q$", "$q$"),
        ("$a 'b$ ", "$a 'b$"),
        ("\u{2018}", "\u{2019}"),
        ("//", "\n"),
        ("# ", "\n"),
        ("/* ' ", "*/"),
    ];
    hides_all(Engine::Clickhouse, before.to_vec(), around.to_vec());
}

fn hides_all(engine: Engine, before: Vec<&'static str>, around: Vec<(&'static str, &'static str)>) {
    let statements = (proptest::sample::select(before), proptest::sample::select(around), text(PIECES, 12))
        .prop_map(|(before, (open, close), after)| format!("{before}{open}zebra{close} {after}"));
    fuzz(statements, |sql| assert!(!normalise(engine, &sql).text.contains("zebra"), "{sql}"));
}
