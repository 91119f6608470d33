//! The command line and the configuration, as an operator meets them.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use crate::harness::TestApp;

fn basira(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_basira"));
    command.args(arguments).envs(environment.iter().copied()).current_dir(folder.path());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_effective_configuration_is_printed_without_secrets() {
    let secret = "a-secret-that-is-long-enough-to-sign-with";
    let output = basira(
        &["config", "check"],
        &[("BASIRA__AUTH__JWT_SECRET", secret), ("BASIRA__LOG__LEVEL", "debug")],
    );
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(printed.contains("127.0.0.1:8080") && printed.contains("debug"), "{printed}");
    assert!(!printed.contains(secret), "{printed}");
}

#[test]
fn an_unrelated_variable_that_is_not_utf8_is_ignored() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_basira"));
    let not_utf8 = OsStr::from_bytes(b"\xff");
    let output = command.args(["config", "check"]).env("UNRELATED", not_utf8).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// Everything that prints a document, and what says so in lines.
const PRINTS: [&[&str]; 5] = [
    &["openapi"],
    &["rules"],
    &["config", "check"],
    &["check", "postgres://nobody@127.0.0.1:1/d"],
    &["admin", "instance-admin", "list"],
];

#[test]
fn a_closed_output_pipe_is_not_an_error() {
    for arguments in PRINTS {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_basira"));
        let child = command.args(arguments).current_dir(folder.path()).stdout(writer).stderr(Stdio::piped());
        let output = child.spawn().unwrap().wait_with_output().unwrap();
        let error = text(&output.stderr);
        assert!(!error.contains("panicked"), "{arguments:?}: {error}");
        let no_connection = arguments[0] == "check";
        assert_eq!(output.status.code(), Some(if no_connection { 3 } else { 0 }), "{arguments:?}: {error}");
    }
}

#[test]
fn an_incomplete_write_is_an_error() {
    for arguments in &PRINTS[..4] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_basira"));
        let output = command.args(*arguments).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.contains("No space left"), "{arguments:?}: {error}");
    }
}

#[test]
fn an_unknown_key_stops_the_start_and_names_the_nearest() {
    for arguments in [&["config", "check"], &["serve"][..]] {
        let output = basira(arguments, &[("BASIRA__HTTP__LISTN", "127.0.0.1:0")]);
        let error = text(&output.stderr);
        assert!(!output.status.success(), "{arguments:?} accepted a misspelt key");
        assert!(error.contains("listn") || error.contains("LISTN"), "{error}");
        assert!(error.contains("http.listen"), "{error}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_reported_with_its_location() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("basira.toml");
    fs::write(&file, "[http]\nlisten = 7\n").unwrap();
    let file = file.to_str().unwrap();
    let output = basira(&["config", "check", "--config", file], &[]);
    let error = text(&output.stderr);
    assert!(!output.status.success(), "a number was taken for an address");
    assert!(error.contains("http.listen") && error.contains(file), "{error}");
}

#[test]
fn the_url_of_the_sample_store_is_checked_and_not_printed() {
    let clickhouse = [("BASIRA__SAMPLES__URL", "clickhouse://u:hunter2@127.0.0.1:9000/d")];
    let output = basira(&["config", "check"], &clickhouse);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        printed.contains("[samples.retention]\nraw_hours = 48") && !printed.contains("hunter2"),
        "{printed}"
    );

    let listen = ("BASIRA__HTTP__LISTEN", "127.0.0.1:0");
    for (url, expected) in [
        ("clickhouse://u:hunter2@127.0.0.1:port/d", "samples.url must look like"),
        ("postgres://u:hunter2@127.0.0.1:1/d", "check samples.url"),
        ("mysql://u:hunter2@h/d", "BASIRA__SAMPLES__URL: samples.url must begin with"),
    ] {
        let output = basira(&["serve"], &[listen, ("BASIRA__SAMPLES__URL", url)]);
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains(expected), "{url}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_retention_with_a_gap_stops_the_start() {
    let output = basira(&["serve"], &[("BASIRA__SAMPLES__RETENTION__RAW_HOURS", "1000")]);
    let error = text(&output.stderr);
    assert!(!output.status.success(), "a hole was accepted");
    assert!(error.contains("set samples.retention.minute_days to at least 42"), "{error}");
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tls.pem");
    fs::write(&file, "nonsense").unwrap();
    let file = file.to_str().unwrap();
    let listen = ("BASIRA__HTTP__LISTEN", "127.0.0.1:0");
    let cert = ("BASIRA__HTTP__TLS__CERT_FILE", file);
    for (settings, expected) in [
        (vec![listen, cert], "set http.tls.key_file too".to_owned()),
        (
            vec![listen, cert, ("BASIRA__HTTP__TLS__KEY_FILE", "/no/such/file")],
            "/no/such/file cannot be read".to_owned(),
        ),
        (
            vec![listen, cert, ("BASIRA__HTTP__TLS__KEY_FILE", file)],
            format!("{file} holds no certificate in PEM"),
        ),
    ] {
        let output = basira(&["serve"], &settings);
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains(&expected), "{error}");
    }
}

#[test]
fn every_command_has_help() {
    for command in ["serve", "demo", "config", "admin"] {
        let output = basira(&[command, "--help"], &[]);
        assert!(output.status.success() && !output.stdout.is_empty(), "{command}");
    }
    assert!(!basira(&["no-such-command"], &[]).status.success());
}

#[tokio::test]
async fn generated_secrets_are_readable_by_the_owner_only() {
    let app = TestApp::start().await;
    let mut secrets = 0;
    for entry in fs::read_dir(app.data_dir()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.contains("secret") || name.contains("key") {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
            secrets += 1;
        }
    }
    assert!(secrets >= 2, "no generated secrets in {:?}", app.data_dir());
}
