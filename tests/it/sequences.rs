//! `/sequences`: which run out first.

use basira_test_support::MAJORS;
use serde_json::Value;

use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase};

async fn line(registered: &Registered, name: &str) -> Option<Value> {
    let lines = registered.get("/sequences").await;
    lines.as_array().unwrap().iter().find(|line| line["sequence_name"] == name).cloned()
}

#[tokio::test]
async fn used_percent_of_a_sequence_follows_the_narrower_of_sequence_and_column() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "sequences").await;
    for major in MAJORS {
        let database = TestDatabase::create(shared(major).await).await;
        let admin = database.client().await;
        admin
            .batch_execute(
                "create sequence small as smallint; select setval('small', 29491);
                 create table sold (id serial, n int); select setval('sold_id_seq', 1932735283);
                 create sequence wide; create table narrow (n int2 default nextval('wide')); select setval('wide', 16384);
                 create table made (id bigint generated always as identity)",
            )
            .await
            .unwrap();
        let registered = organization.register(&database).await;
        // pg_monitor may not read sequences: says so, and the fix works
        let fix = registered
            .collected(async || {
                let line = registered.collector("sequences").await;
                match line["fix"].as_str() {
                    Some(fix) if line["state"] == "ok" => Ok(fix.to_owned()),
                    _ => Err(line),
                }
            })
            .await;
        let hidden = line(&registered, "small").await.unwrap();
        assert!(hidden["used_pct"].is_null() && hidden["last_value"].is_null(), "{hidden:#}");
        admin.batch_execute(&fix).await.unwrap();
        let small = registered
            .collected(async || match line(&registered, "small").await {
                Some(line) if line["used_pct"].is_f64() => Ok(line),
                other => Err(other),
            })
            .await;
        assert!((small["used_pct"].as_f64().unwrap() - 90.0).abs() < 0.01, "{small:#}");
        assert_eq!((&small["remaining"], small["limited_by"].as_str()), (&3276.into(), Some("sequence")));
        let serial = line(&registered, "sold_id_seq").await.unwrap();
        assert!((serial["used_pct"].as_f64().unwrap() - 90.0).abs() < 0.01, "{serial:#}");
        assert_eq!(
            (serial["table_name"].as_str(), serial["column_name"].as_str()),
            (Some("sold"), Some("id"))
        );
        let wide = line(&registered, "wide").await.unwrap();
        assert!((wide["used_pct"].as_f64().unwrap() - 50.0).abs() < 0.01, "{wide:#}");
        assert_eq!(
            (wide["limited_by"].as_str(), wide["column_type"].as_str()),
            (Some("column"), Some("smallint"))
        );
        let made = line(&registered, "made_id_seq").await.unwrap();
        assert!(made["last_value"].is_null() && made["used_pct"] == 0.0, "{made:#}");
        let first = registered.get("/sequences?limit=1").await;
        assert!(first[0]["used_pct"].as_f64() > Some(89.0), "the furthest comes first: {first:#}");
        let line = registered.collector("sequences").await;
        assert!(line["reason"].is_null(), "{line:#}");
    }
}

#[tokio::test]
async fn a_sequence_that_is_being_altered_is_skipped() {
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let mut admin = database.client().await;
    let grant = format!(
        "create sequence busy; create sequence idle; grant select on all sequences in schema public to {}",
        database.name
    );
    admin.batch_execute(&grant).await.unwrap();
    let alter = admin.transaction().await.unwrap();
    alter.batch_execute("alter sequence busy as int").await.unwrap();
    let app = TestApp::start().await;
    let registered = Organization::verified(&app, "sequences").await.register(&database).await;
    let busy = registered
        .collected(async || match line(&registered, "busy").await {
            Some(line) => Ok(line),
            None => Err(registered.collector("sequences").await),
        })
        .await;
    assert!(busy["used_pct"].is_null(), "{busy:#}");
    assert_eq!(line(&registered, "idle").await.unwrap()["used_pct"], 0.0);
}
