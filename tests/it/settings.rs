//! `/settings` shows what the server shows, without secrets and without what is only our session's; changes are noticed.

use std::collections::BTreeMap;
use std::fs;

use basira_test_support::MAJORS;
use serde_json::{Value, json};

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase};

const SECRET: &str = "hunter2-of-the-archive";

async fn watch(app: &TestApp, database: &TestDatabase) -> Registered {
    let registered = Organization::verified(app, "settings").await.register(database).await;
    registered.connected().await;
    registered
}

fn find<'a>(lines: &'a Value, name: &str) -> Option<&'a Value> {
    lines.as_array().unwrap().iter().find(|line| line["name"] == name)
}

#[tokio::test]
async fn every_setting_is_as_the_server_says_on_each_version() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "settings").await;
    for major in MAJORS {
        let database = TestDatabase::create(shared(major).await).await;
        let registered = organization.register(&database).await;
        let all = registered
            .collected(async || {
                let all = registered.get("/settings").await;
                if all.as_array().unwrap().len() > 300 { Ok(all) } else { Err(all.as_array().unwrap().len()) }
            })
            .await;
        let admin = database.client().await;
        let rows = admin.query("select name, setting, boot_val, source from pg_settings", &[]).await.unwrap();
        let ours: Vec<&Value> =
            all.as_array().unwrap().iter().filter(|line| line["note"].is_string()).collect();
        assert!(ours.iter().any(|line| line["name"] == "statement_timeout"), "{ours:#?}");
        assert!(ours.len() < 15 && ours.iter().all(|line| line["setting"].is_null()), "{ours:#?}");
        let mut compared = 0;
        for row in rows {
            let (name, setting): (&str, Option<&str>) = (row.get(0), row.get(1));
            let source: &str = row.get(3);
            let line = find(&all, name).unwrap_or_else(|| panic!("{name} is missing on {major}"));
            if line["note"].is_null() && source != "client" {
                assert_eq!(line["setting"], json!(setting), "{name} on {major}");
                assert_eq!(line["boot_val"], json!(row.get::<_, Option<&str>>(2)), "{name} on {major}");
                compared += 1;
            }
        }
        assert!(compared > 300, "{compared} settings compared on {major}");
        let changed = registered.get("/settings?changed=true").await;
        assert_eq!(find(&changed, "shared_buffers").unwrap()["shown"], "32MB");
        assert!(find(&changed, "work_mem").is_none() && find(&changed, "block_size").is_none());
    }
}

#[tokio::test]
async fn a_change_made_while_basira_was_stopped_is_detected() {
    let server = private(NEWEST, "").await;
    let database = TestDatabase::create(&server).await;
    let mut app = TestApp::start().await;
    let organization = Organization::verified(&app, "settings").await;
    let mut registered = organization.register(&database).await;
    registered.connected().await;
    let admin = database.client().await;
    let alter = async |value: &str| {
        admin.batch_execute(&format!("alter system set work_mem = '{value}'")).await.unwrap();
        admin.batch_execute("select pg_reload_conf()").await.unwrap();
    };
    let seen = async |registered: &Registered, before: &str, after: &str| {
        registered
            .collected(async || {
                let history = registered.get("/settings/history").await;
                let newest = history[0].clone();
                let expected = (&newest["name"], &newest["before"], &newest["after"]);
                if expected == (&json!("work_mem"), &json!(before), &json!(after)) {
                    Ok(())
                } else {
                    Err(history)
                }
            })
            .await;
    };
    registered
        .collected(async || match registered.get("/settings").await.as_array().unwrap().len() {
            0 => Err("no settings"),
            _ => Ok(()),
        })
        .await;
    alter("8MB").await;
    seen(&registered, "4MB", "8MB").await;

    app.kill().await;
    alter("64MB").await;
    app.start_again().await;
    registered.client = organization.moved_to(&app);
    seen(&registered, "8MB", "64MB").await;
    let events = registered.get("/events?kind=setting_changed").await;
    assert_eq!(events.as_array().unwrap().len(), 2, "{events:#?}");

    // one that waits for a restart says so
    admin.batch_execute("alter system set max_connections = 57").await.unwrap();
    admin.batch_execute("select pg_reload_conf()").await.unwrap();
    registered
        .collected(async || {
            let changed = registered.get("/settings?changed=true").await;
            match find(&changed, "max_connections") {
                Some(line) if line["pending_restart"] == true => Ok(()),
                other => Err(other.cloned()),
            }
        })
        .await;
}

#[tokio::test]
async fn secrets_in_settings_are_neither_stored_nor_shown() {
    let conninfo = format!("host=nowhere user=repl password={SECRET}");
    let command =
        format!("PGPASSWORD={SECRET} put %p https://joe:{SECRET}@backup.example/%f --token {SECRET}");
    let settings = format!(
        "primary_conninfo = '{conninfo}'\narchive_mode = on\narchive_command = '{command}'\n\
         restore_command = '{command}'\nssl_passphrase_command = 'echo {SECRET}'"
    );
    let server = private(NEWEST, &settings).await;
    let database = TestDatabase::create(&server).await;
    let app = TestApp::start_with(&[("LOG__LEVEL", "debug")]).await;
    let registered = watch(&app, &database).await;
    let all = registered
        .collected(async || {
            let all = registered.get("/settings").await;
            if find(&all, "primary_conninfo").is_some() { Ok(all) } else { Err("no settings") }
        })
        .await;
    let shown = |name| find(&all, name).unwrap()["setting"].as_str().unwrap().to_owned();
    assert_eq!(shown("primary_conninfo"), "host=nowhere user=repl password=***");
    let expected = "PGPASSWORD=*** put %p https://joe:***@backup.example/%f --token ***";
    assert_eq!((shown("archive_command"), shown("restore_command")), (expected.into(), expected.into()));
    assert_eq!(shown("ssl_passphrase_command"), "***");

    // changed secrets, in what is compared and told
    let admin = database.client().await;
    let changed = format!("host=elsewhere user=repl password={SECRET}");
    admin.batch_execute(&format!("alter system set primary_conninfo = '{changed}'")).await.unwrap();
    admin.batch_execute("select pg_reload_conf()").await.unwrap();
    let history = registered
        .collected(async || {
            let history = registered.get("/settings/history").await;
            if history[0]["name"] == "primary_conninfo" { Ok(history) } else { Err(history) }
        })
        .await;
    assert_eq!(history[0]["after"], "host=elsewhere user=repl password=***");
    let everything = format!("{all} {history} {}", registered.get("/events").await);
    assert!(!everything.contains(SECRET) && !app.log().contains(SECRET));
    for entry in fs::read_dir(app.data_dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!found, "{} holds the secret", path.display());
        }
    }
}

#[tokio::test]
async fn settings_hidden_from_the_role_are_named_and_the_fix_works() {
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let admin = database.client().await;
    admin.batch_execute(&format!("revoke pg_monitor from {}", database.name)).await.unwrap();
    let app = TestApp::start().await;
    let registered = Organization::verified(&app, "settings").await.register(&database).await;
    // each of these works all the same, and says what it lacks
    let fixes = registered
        .collected(async || {
            let mut fixes = BTreeMap::new();
            for name in ["pg_settings", "xid_horizon"] {
                let line = registered.collector(name).await;
                match (line["state"].as_str(), line["fix"].as_str()) {
                    (Some("ok"), Some(fix)) => fixes.insert(name, fix.to_owned()),
                    _ => return Err(line),
                };
            }
            Ok(fixes)
        })
        .await;
    for name in ["pg_server", "pg_stat_database", "pg_stat_archiver", "vacuum", "sequences"] {
        assert_eq!(registered.collector(name).await["state"], "ok", "{name} needs nothing");
    }
    assert!(find(&registered.get("/settings").await, "data_directory").is_none());
    for fix in fixes.values() {
        admin.batch_execute(fix).await.unwrap();
    }
    registered
        .collected(async || {
            for name in fixes.keys() {
                let line = registered.collector(name).await;
                if line["state"] != "ok" || !line["fix"].is_null() {
                    return Err(line);
                }
            }
            Ok(())
        })
        .await;
    assert!(find(&registered.get("/settings").await, "data_directory").is_some());
}
