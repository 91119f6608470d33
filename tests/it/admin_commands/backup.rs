//! A copy holds all that was acknowledged, and opens what was locked.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};
use std::time::Duration;

use basira::samples::DatabaseScope;
use basira_actors::model::{DatabaseId, OrganizationId, Timestamp};
use basira_test_support::{Distribution, Options, PostgresServer};

use super::polled_store::Polled;
use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually};

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", errors(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The binary in `folder`, whose data is in `folder/data`, started by `shell`.
fn backup(folder: &Path, shell: &str) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", shell, env!("CARGO_BIN_EXE_basira")]).env("BASIRA__DATA_DIR", "data");
    command.current_dir(folder).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_polls_are_stored_has_every_one_acknowledged_before() {
    let folder = tempfile::tempdir().unwrap();
    let scope = DatabaseScope { organization: OrganizationId::generate(), database: DatabaseId::generate() };
    let polled = Arc::new(Polled::open(&folder.path().join("data/basira.db"), scope).await);
    // an hour is sealed, the next is under way
    for nth in 0..400 {
        polled.poll(nth).await;
    }
    polled.samples.maintain(Timestamp::now()).await.unwrap();
    let (acknowledged, stop) = (Arc::new(AtomicI64::new(400)), Arc::new(AtomicBool::new(false)));
    let polling = tokio::spawn({
        let (polled, acknowledged, stop) =
            (Arc::clone(&polled), Arc::clone(&acknowledged), Arc::clone(&stop));
        async move {
            while !stop.load(SeqCst) {
                polled.poll(acknowledged.load(SeqCst)).await;
                acknowledged.fetch_add(1, SeqCst);
            }
        }
    });
    for round in 0..3 {
        let before = acknowledged.load(SeqCst);
        let place = folder.path().to_owned();
        let shell = format!("exec \"$0\" admin backup --without-secrets copy-{round}.db");
        printed(&tokio::task::spawn_blocking(move || backup(&place, &shell)).await.unwrap());
        let after = acknowledged.load(SeqCst);
        assert!(after > before, "nothing was stored meanwhile");

        let copy = Polled::open(&folder.path().join(format!("copy-{round}.db")), scope).await;
        assert_eq!(copy.totals(before).await, polled.totals(before).await, "what was acknowledged is there");
        let all = copy.totals(i64::from(i32::MAX)).await;
        let polls = all[0].values[0];
        assert!((before..=after + 1).contains(&polls), "{polls} polls, of {before} to {after}");
        assert_eq!(copy.totals(polls).await, all, "the first of them, without a hole");
        copy.close().await;
    }
    stop.store(true, SeqCst);
    polling.await.unwrap();
}

/// What a window of `registered` shows: the ranking, and the series of its first.
async fn answers(registered: &Registered, window: &str) -> [serde_json::Value; 2] {
    let ranking = registered.get(&format!("/queries?{window}&limit=100")).await;
    let first = ranking[0]["query_hash"].as_str().unwrap();
    let series = registered.get(&format!("/queries/{first}?{window}")).await;
    [ranking, series]
}

#[tokio::test]
async fn a_restored_server_answers_as_before_and_reaches_what_it_watched() {
    let distribution = Distribution::fetch(Some(NEWEST)).unwrap();
    let options = Options { password: Some("asked-for".to_owned()), ..Options::default() };
    let server = PostgresServer::start(&distribution, options).await.unwrap();
    let mut app = TestApp::start().await;
    let organization = Organization::verified(&app, "restored").await;
    let database = TestDatabase::create(&server).await;
    let since = Timestamp::now() - Duration::from_secs(60);
    let registered = organization.register(&database).await;
    registered.connected().await;
    let client = database.client().await;
    for _ in 0..20 {
        client.query("select 'kept'", &[]).await.unwrap();
    }
    registered.polls_pass(2).await;
    let window = format!("since={since}&until={}", Timestamp::now() - Duration::from_secs(1));
    registered.polls_pass(2).await;
    let before = answers(&registered, &window).await;
    assert!(before[0].to_string().contains("select $1"), "{before:#?}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    let said = printed(&app.admin(&["backup", path.to_str().unwrap()]).await);
    assert!(said.contains("Without the encryption key"), "{said}");
    for name in names(folder.path()) {
        let mode = fs::metadata(folder.path().join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    app.kill().await;

    let restored = TestApp::start_from(|data_dir| {
        for (copied, name) in [
            ("copy.db", "basira.db"),
            ("copy.db.encryption_key", "encryption_key"),
            ("copy.db.jwt_secret", "jwt_secret"),
        ] {
            fs::copy(folder.path().join(copied), data_dir.join(name)).unwrap();
        }
    })
    .await;
    let again = Registered { client: organization.moved_to(&restored), ..registered };
    assert_eq!(answers(&again, &window).await, before);
    // the server asks for the password, so it was read
    again.status_becomes("connected", Duration::from_secs(15)).await;
    again.polls_pass(2).await;
}

#[tokio::test]
async fn a_copy_that_cannot_be_made_leaves_nothing_and_says_why() {
    let app = TestApp::start().await;
    let data_dir = app.data_dir();
    let folder = data_dir.parent().unwrap();
    let before = names(folder);
    for (shell, expected) in [
        ("exec \"$0\" admin backup nowhere/copy.db", "writing nowhere/copy.db failed"),
        ("exec \"$0\" admin backup /proc/copy.db", "writing /proc/copy.db failed"),
        // as on a full disk, writing fails half-way
        ("trap '' XFSZ; ulimit -f 64; exec \"$0\" admin backup copy.db", "copying to copy.db failed"),
    ] {
        let output = backup(folder, shell);
        assert!(!output.status.success(), "{shell} succeeded");
        assert!(errors(&output).contains(expected), "{}", errors(&output));
        assert!(errors(&output).contains("is there room"), "{}", errors(&output));
        assert_eq!(names(folder), before, "{shell}");
    }
}

#[tokio::test]
async fn a_restore_replaces_nothing_without_its_option() {
    let app = TestApp::start().await;
    let data_dir = app.data_dir();
    let folder = data_dir.parent().unwrap();
    let path = folder.join("copy.db");
    fs::write(&path, "precious").unwrap();
    let path = path.to_str().unwrap();
    let output = app.admin(&["backup", path]).await;
    assert!(!output.status.success() && errors(&output).contains("--force"), "{}", errors(&output));
    assert_eq!(fs::read_to_string(path).unwrap(), "precious");

    printed(&app.admin(&["backup", path, "--force"]).await);
    assert!(fs::read(path).unwrap().starts_with(b"SQLite format 3"));
    let own = app.data_dir().join("basira.db");
    let output = app.admin(&["backup", own.to_str().unwrap(), "--force"]).await;
    assert!(
        !output.status.success() && errors(&output).contains("the storage itself"),
        "{}",
        errors(&output)
    );
    app.anonymous().get("/readyz", 200).await;
}

#[tokio::test]
async fn on_postgres_the_command_to_use_is_named() {
    let own = TestDatabase::create(shared(NEWEST).await).await;
    let url = own.superuser_dsn().replacen('@', ":hunter2@", 1);
    let app = TestApp::start_with(&[("STORAGE__URL", &url)]).await;
    let output = app.admin(&["backup", "copy.dump"]).await;
    let error = errors(&output);
    assert!(
        !output.status.success() && error.contains("pg_dump --format=custom --file='copy.dump'"),
        "{error}"
    );
    assert!(error.contains(&own.name) && !error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn samples_in_their_own_directory_are_copied_separately() {
    let server = shared(NEWEST).await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("samples.db").display());
    let mut app = TestApp::start_with(&[("SAMPLES__URL", &url)]).await;
    let organization = Organization::verified(&app, "apart").await;
    let database = TestDatabase::create(server).await;
    let mut registered = organization.register(&database).await;
    registered.connected().await;
    let client = database.client().await;
    client.batch_execute("create table kept (n int); insert into kept values (1)").await.unwrap();
    let shown = async |registered: &Registered| {
        let lines = registered.get("/queries").await;
        if lines.as_array().unwrap().is_empty() { Err(lines) } else { Ok(()) }
    };
    eventually(Duration::from_secs(15), async || shown(&registered).await).await;
    app.kill().await;
    app.start_again().await;
    registered.client = organization.moved_to(&app);
    shown(&registered).await.unwrap();

    let said = printed(&app.admin(&["backup", "main.db"]).await);
    assert!(said.contains("admin backup --samples"), "{said}");
    printed(&app.admin(&["backup", "--samples", "samples-copy.db"]).await);
    let place = app.data_dir().parent().unwrap().to_owned();
    let scope =
        DatabaseScope { organization: OrganizationId::generate(), database: registered.id.parse().unwrap() };
    for (copy, has_samples) in [("main.db", false), ("samples-copy.db", true)] {
        let copy = Polled::open(&place.join(copy), scope).await;
        let streams = copy.samples.usage().await.unwrap().streams;
        assert_eq!(streams.iter().any(|stream| stream.database == scope.database), has_samples);
        copy.close().await;
    }
}
