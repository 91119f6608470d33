//! Whatever a DSN or a configuration says, it is read or refused, and a refusal repeats no password.

use super::{Config, Dsn};
use basira_test_support::{fuzz, text};

const OF_DSN: &[&str] = &[
    "postgres://",
    "postgresql://",
    "clickhouse://",
    "user",
    ":",
    "@",
    "host",
    "[::1]",
    ":5432",
    ":0",
    ":99999",
    "/",
    "db",
    "?",
    "sslmode=",
    "require",
    "secure=",
    "true",
    "&",
    "%",
    "%00",
    "%ff",
    "#",
    "..",
    "\\",
    " ",
];
const OF_CONFIG: &[&str] = &[
    "[http]\n",
    "[collect]\n",
    "[targets]\n",
    "[samples.retention]\n",
    "[health.rules]\n",
    "listen",
    "deny",
    "url",
    "timeout_ms",
    "=",
    "\"",
    "[",
    "]",
    "{",
    "}",
    ".",
    ",",
    "\n",
    "-1",
    "18446744073709551616",
    "1e400",
    "nan",
    "true",
    "127.0.0.1:0",
    "\"::/0\"",
    "\"\"\"",
    "'",
    "#",
    "1979-05-27",
];

#[test]
fn any_dsn_is_read_or_refused() {
    fuzz((text(OF_DSN, 14), text(OF_DSN, 8)), |(all, tail)| {
        let _ = Dsn::parse(&all);
        let refused = Dsn::parse(&format!("postgres://ann:zebra@{tail}"));
        if let Err(error) = refused {
            assert!(!error.to_string().contains("zebra"), "{tail}: {error}");
        }
    });
}

#[test]
fn any_configuration_is_read_or_refused() {
    let directory = tempfile::TempDir::new().expect("a folder");
    let file = directory.path().join("basira.toml");
    let keys = proptest::sample::select(&[
        "HTTP__LISTEN",
        "COLLECT__CONNECT_TIMEOUT_MS",
        "TARGETS__DENY",
        "A__B",
        "__",
        "",
    ]);
    fuzz((text(OF_CONFIG, 30), keys, text(OF_CONFIG, 5)), |(content, key, value)| {
        std::fs::write(&file, &content).expect("a file");
        let _ = Config::load(Some(&file), [], &[]);
        let _ = Config::load(None, [(format!("BASIRA__{key}"), value)], &[]);
    });
}
