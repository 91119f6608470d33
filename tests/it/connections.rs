//! Connections counted as the server counts them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::postgres::shared;
use crate::harness::{Organization, TestApp, TestDatabase, eventually};

const SEEN_WITHIN: Duration = Duration::from_secs(40);

async fn connections_are_those_of_the_server(major: u16) {
    let server = shared(major).await;
    let database = TestDatabase::create(server).await;
    let admin = database.client().await;
    let mut idle = Vec::new();
    for _ in 0..3 {
        let client = database.client().await;
        client.batch_execute("set application_name = 'idler'; select 1").await.unwrap();
        idle.push(client);
    }
    let forgotten = database.client().await;
    forgotten.batch_execute("set application_name = 'forgotten'; begin; select 1").await.unwrap();
    let app = TestApp::start().await;
    let registered = Organization::verified(&app, "connections").await.register(&database).await;

    let shown = eventually(SEEN_WITHIN, async || {
        let shown = registered.get("/connections").await;
        let counted: i64 = admin
            .query_one(
                "select count(*) from pg_stat_activity where datname = $1 and backend_type = 'client backend'",
                &[&database.name],
            )
            .await
            .unwrap()
            .get(0);
        let ours = counts(&shown["now"]["by_database"]).get(&database.name).copied();
        if ours == Some(counted) { Ok(shown) } else { Err((counted, shown)) }
    })
    .await;
    let now = &shown["now"];
    let applications = counts(&now["by_application"]);
    assert!(applications["idler"] >= 3 && applications["basira"] >= 1, "{applications:?}");
    assert!(counts(&now["by_user"])[&database.name] >= 1, "our own sessions count: {now:#}");
    let total = now["total"].as_i64().unwrap();
    for way in ["by_state", "by_database", "by_user", "by_application"] {
        assert_eq!(
            now[way].as_array().unwrap().iter().map(|line| line["count"].as_i64().unwrap()).sum::<i64>(),
            total
        );
    }
    assert!(now["idle_in_transaction"].as_i64().unwrap() >= 1);
    assert!(now["longest_idle_in_transaction_ms"].as_i64() <= now["oldest_transaction_ms"].as_i64());
    assert!(now["longest_idle_in_transaction_ms"].is_i64());

    assert_eq!([&now["max_connections"], &now["superuser_reserved_connections"]], [300, 3]);
    assert_eq!(now["reserved_connections"], if major < 16 { Value::Null } else { json!(0) });
    let used = now["used_pct"].as_f64().unwrap();
    assert!((used - f64::from(i32::try_from(total).unwrap()) / 3.0).abs() < 0.06, "{used} % of {total}");
    assert_eq!(shown["bucket_seconds"], 300);
    let newest = shown["timeseries"].as_array().unwrap().last().unwrap().clone();
    assert_eq!([&newest["total"], &newest["max_connections"]], [&now["total"], &json!(300)]);
}

fn counts(lines: &Value) -> BTreeMap<String, i64> {
    let lines = lines.as_array().into_iter().flatten();
    lines.filter_map(|line| Some((line["name"].as_str()?.to_owned(), line["count"].as_i64()?))).collect()
}

on_versions!(connections_are_those_of_the_server: on_14 = 14, on_16 = 16, on_18 = 18);
