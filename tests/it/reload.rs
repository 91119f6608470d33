//! The configuration changes while the server runs.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{LiveStream, Organization, Registered, TestApp, TestDatabase, eventually, issue};

const RELOAD: &str = "/admin/config/reload";
const SEEN_WITHIN: Duration = Duration::from_secs(15);

async fn reload(organization: &Organization) -> Value {
    organization.owner.post(RELOAD, &json!({}), 200).await
}

/// `key: old -> new` for each change of one list.
fn changes(answer: &Value, list: &str) -> Vec<String> {
    let line = |change: &Value| {
        format!("{}: {} -> {}", change["key"].as_str().unwrap(), change["old"], change["new"])
    };
    answer[list].as_array().unwrap().iter().map(line).collect()
}

/// Registered without an interval or collectors of its own.
async fn registered(organization: &Organization, changes: &Value) -> Registered {
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let mut body = database.registration();
    body.as_object_mut().unwrap().remove("poll_interval_seconds");
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    let registered = organization.register_as(&body).await;
    registered.status_becomes("connected", SEEN_WITHIN).await;
    registered
}

#[tokio::test]
async fn changed_keys_are_listed_and_take_effect() {
    let app = TestApp::start_configured("[collect]\npoll_interval_seconds = 2\n").await;
    let organization = Organization::verified(&app, "reload").await;
    let follower = registered(&organization, &json!({})).await;
    let own = json!({"name": "own", "poll_interval_seconds": 3, "disabled_collectors": ["pg_locks"]});
    let independent = registered(&organization, &own).await;

    assert_eq!(reload(&organization).await, json!({"changed": [], "needs_restart": []}));
    app.configure(
        "[collect]\npoll_interval_seconds = 1\ndisabled_collectors = ['pg_settings']\n\
        [health.rules.connections.saturation]\nthreshold = 0.1\nfor_seconds = 0\n",
    );
    let answer = reload(&organization).await;
    let expected = [
        "collect.disabled_collectors: [] -> [\"pg_settings\"]",
        "collect.poll_interval_seconds: 2 -> 1",
        "health.rules.connections.saturation.for_seconds: null -> 0",
        "health.rules.connections.saturation.threshold: null -> 0.1",
    ];
    assert_eq!(changes(&answer, "changed"), expected);
    assert_eq!(changes(&answer, "needs_restart"), [""; 0]);
    eventually(SEEN_WITHIN, async || {
        let database = follower.get("").await;
        let collector = follower.collector("pg_settings").await;
        let seen = (&database["poll_interval_seconds"], &collector["state"]);
        if seen == (&json!(1), &json!("disabled")) { Ok(()) } else { Err((database, collector)) }
    })
    .await;
    let database = independent.get("").await;
    assert_eq!(database["poll_interval_seconds"], 3);
    assert_eq!(database["disabled_collectors"], json!(["pg_locks"]));
    follower.wait_for_issue("connections.saturation", "max_connections").await;

    app.configure("[collect]\npoll_interval_seconds = 1\n");
    assert_eq!(changes(&reload(&organization).await, "changed").len(), 3);
    follower.wait_until_resolved("connections.saturation", "max_connections").await;
    let doctor = follower.get("/doctor").await;
    assert_eq!(issue(&doctor, "connections.saturation"), None, "{doctor:#}");
}

#[tokio::test]
async fn a_newly_denied_address_is_disconnected_at_once() {
    let app = TestApp::start_configured("").await;
    let organization = Organization::verified(&app, "deny").await;
    let database = registered(&organization, &json!({"poll_interval_seconds": 1})).await;
    app.configure("[targets]\ndeny = ['127.0.0.0/8']\n");
    reload(&organization).await;
    let left = database.status_becomes("disconnected", SEEN_WITHIN).await;
    assert!(left["last_error"].as_str().unwrap().contains("targets.deny"), "{left:#}");
    app.configure("");
    reload(&organization).await;
    database.status_becomes("connected", SEEN_WITHIN).await;
}

#[tokio::test]
async fn an_invalid_configuration_changes_nothing() {
    let app = TestApp::start_configured("[auth]\nsignup = 'open'\n").await;
    let organization = Organization::verified(&app, "bad").await;
    for (text, word) in [
        ("[auth]\nsignup = 'closed'\n[collect]\npoll_intervall_seconds = 5\n", "poll_interval_seconds"),
        ("[auth]\nsignup = 'closed'\n[targets]\ndeny = ['everything']\n", "targets.deny"),
        ("[auth\n", "TOML"),
    ] {
        app.configure(text);
        let refused = organization.owner.post(RELOAD, &json!({}), 400).await;
        assert_eq!(refused["code"], "bad_configuration", "{refused}");
        assert!(refused["error"].as_str().unwrap().contains(word), "{refused}");
        let told = app.admin(&["reload"]).await;
        assert!(!told.status.success());
        assert!(String::from_utf8_lossy(&told.stderr).contains(word), "{told:?}");
    }
    // still open
    Organization::unverified(&app, "later").await;
}

#[tokio::test]
async fn only_instance_admins_may_reload_and_secrets_stay_hidden() {
    let app = TestApp::start_configured("").await;
    let first = Organization::verified(&app, "first").await;
    let second = Organization::verified(&app, "second").await;
    for client in [&second.owner, &second.key, &first.key] {
        let refused = client.post(RELOAD, &json!({}), 403).await;
        assert_eq!(refused["code"], "instance_admin_required", "{refused}");
    }
    app.anonymous().post(RELOAD, &json!({}), 401).await;

    let secret = "a secret of at least thirty-two characters";
    app.configure(&format!(
        "[http]\nlisten = '127.0.0.1:1'\n[auth]\nsignup = 'closed'\njwt_secret = '{secret}'\n"
    ));
    let answer = reload(&first).await;
    assert_eq!(changes(&answer, "changed"), ["auth.signup: \"open\" -> \"closed\""]);
    assert_eq!(changes(&answer, "needs_restart"), ["auth.jwt_secret: null -> \"***\""]);
    assert!(!answer.to_string().contains(secret) && !app.log().contains(secret));
    // what waits for a restart is told each time, and what is in effect no more
    let again = reload(&first).await;
    assert_eq!((changes(&again, "changed").len(), changes(&again, "needs_restart").len()), (0, 1));
    let body = json!({"email": "x@x.example", "password": "long enough", "name": "X", "org_name": "X"});
    assert_eq!(app.anonymous().post("/auth/signup", &body, 403).await["code"], "signup_closed");
}

#[tokio::test]
async fn the_operator_reloads_by_command_and_by_signal() {
    let app = TestApp::start_configured("[log]\nlevel = 'warn'\n").await;
    let nothing = app.admin(&["reload"]).await;
    assert_eq!(String::from_utf8_lossy(&nothing.stdout), "nothing has changed\n", "{nothing:?}");
    app.configure("[log]\nlevel = 'info'\nformat = 'json'\n");
    let told = app.admin(&["reload"]).await;
    let text = String::from_utf8_lossy(&told.stdout);
    let lines = "log.level: \"warn\" -> \"info\"\nlog.format: \"text\" -> \"json\"  (needs a restart)\n";
    assert_eq!(text, lines, "{told:?}");

    app.configure("[auth]\nsignup = 'closed'\n");
    app.signal("HUP").await;
    eventually(SEEN_WITHIN, async || {
        let body = json!({"email": "no address", "password": "long enough", "name": "X", "org_name": "X"});
        let request = app.anonymous().request(reqwest::Method::POST, "/auth/signup").json(&body);
        let status = request.send().await.expect("an answer").status();
        if status == 403 { Ok(()) } else { Err(status) }
    })
    .await;
    assert!(app.log().contains("the configuration was read again"), "{}", app.log());

    let socket = app.data_dir().join("control.sock");
    let mode = std::fs::metadata(&socket).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut app = app;
    app.kill().await;
    let nobody = app.admin(&["reload"]).await;
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("no server runs"), "{nobody:?}");
    // a socket that a killed server left is no obstacle
    app.start_again().await;
    assert!(app.admin(&["reload"]).await.status.success());
}

/// The full load is a bench; this is enough to fail when something is dropped.
#[tokio::test]
async fn no_request_is_dropped_during_a_reload() {
    let text = |interval| format!("[collect]\npoll_interval_seconds = {interval}\n[auth]\nsignup = 'open'\n");
    let app = TestApp::start_configured(&text(1)).await;
    let organization = Organization::verified(&app, "load").await;
    let database = registered(&organization, &json!({})).await;
    let token = organization.owner.bearer().to_owned();
    let query = format!("token={token}&interval=1");
    let mut stream = LiveStream::open(&app.url, &database.id, &query, &[]).await.expect("a stream");
    let failures = database.collector("pg_stat_statements").await["failures"].clone();

    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let asking = {
        let (stop, answered, database) = (Arc::clone(&stop), Arc::clone(&answered), database.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                database.get("/overview").await;
                answered.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    let (_, first) = (stream.frame_of("hello").await, stream.frame_of("snapshot").await);
    for round in 0..20 {
        let bad = round % 2 == 1;
        app.configure(&if bad { "[collect]\nnonsense = 1\n".to_owned() } else { text(1 + round % 4) });
        organization.owner.post(RELOAD, &json!({}), if bad { 400 } else { 200 }).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stop.store(true, Ordering::Relaxed);
    asking.await.expect("every request was answered");
    assert!(answered.load(Ordering::Relaxed) > 0);
    let next = stream.frame_of("snapshot").await;
    assert!(next["seq"].as_u64() > first["seq"].as_u64(), "{first} {next}");
    assert_eq!(database.collector("pg_stat_statements").await["failures"], failures);
}
