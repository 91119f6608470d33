//! `/settings` of ClickHouse shows what is set, and a change is an event, also one made while the server was away.

use std::fs;

use basira_test_support::ClickHouseOptions;
use serde_json::{Value, json};

use crate::harness::clickhouse::private;
use crate::harness::{ClickHouseDatabase, Organization, TestApp};

const NAME: &str = "server_settings.mark_cache_size";

fn find(lines: &Value, name: &str) -> Option<Value> {
    lines.as_array().unwrap().iter().find(|line| line["name"] == name).cloned()
}

#[tokio::test]
async fn a_changed_setting_is_seen_as_an_event() {
    let app = TestApp::start().await;
    let mut server = private(ClickHouseOptions::default()).await;
    let database = ClickHouseDatabase::create(&server).await;
    let registered =
        Organization::verified(&app, "settings").await.register_as(&database.registration()).await;
    let all = registered
        .collected(async || {
            let all = registered.get("/settings").await;
            if find(&all, NAME).is_some() { Ok(all) } else { Err(all) }
        })
        .await;
    let changed = database
        .rows("SELECT name, value, default FROM system.server_settings WHERE changed ORDER BY name")
        .await;
    assert!(changed.len() > 3, "{changed:#?}");
    for row in &changed {
        let name = format!("server_settings.{}", row["name"].as_str().unwrap());
        let line = find(&all, &name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!((&line["setting"], &line["boot_val"]), (&row["value"], &row["default"]), "{name}");
        assert_eq!(
            (&line["category"], &line["changed"]),
            (&json!("server_settings"), &json!(true)),
            "{name}"
        );
    }
    let ours = find(&all, "max_execution_time").expect("our own limit");
    assert!(ours["setting"].is_null() && ours["note"].is_string(), "{ours}");
    assert!(find(&registered.get("/settings?changed=true").await, "max_execution_time").is_none());
    assert!(registered.get("/settings/history").await.as_array().unwrap().is_empty());

    let file = database.rows("SELECT value FROM system.server_settings WHERE name = 'config-file'").await;
    let file = file[0]["value"].as_str().unwrap().to_owned();
    server.kill_hard().await.unwrap();
    let before = fs::read_to_string(&file).unwrap();
    let after = before.replace("67108864", "33554432");
    assert_ne!(before, after);
    fs::write(&file, after).unwrap();
    server.start_again().await.unwrap();
    let history = registered
        .collected(async || {
            let history = registered.get("/settings/history").await;
            if find(&history, NAME).is_some() { Ok(history) } else { Err(history) }
        })
        .await;
    let change = find(&history, NAME).unwrap();
    assert_eq!(
        (&change["before"], &change["after"]),
        (&json!("67108864"), &json!("33554432")),
        "{history:#}"
    );
    let events = registered.get("/events?kind=setting_changed").await;
    assert!(events.as_array().unwrap().iter().any(|event| event["subject"] == NAME), "{events:#}");
}
