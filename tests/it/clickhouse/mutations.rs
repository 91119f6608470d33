//! `/mutations`: which get on and which do not, without what they or the data hold.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::clickhouse::shared;
use crate::harness::{ClickHouseDatabase, Organization, Registered, TestApp};

async fn of_table(registered: &Registered, database: &ClickHouseDatabase, table: &str) -> Vec<Value> {
    let all = registered.get("/mutations?limit=500").await;
    let is_ours = |line: &&Value| line["database"] == database.name.as_str() && line["table"] == table;
    all.as_array().unwrap().iter().filter(is_ours).cloned().collect()
}

async fn shows(
    registered: &Registered,
    database: &ClickHouseDatabase,
    table: &str,
    wanted: impl Fn(&[Value]) -> bool,
) -> Vec<Value> {
    registered
        .collected(async || {
            let lines = of_table(registered, database, table).await;
            if wanted(&lines) { Ok(lines) } else { Err(lines) }
        })
        .await
}

#[tokio::test]
async fn a_mutation_that_fails_is_stuck_until_it_is_killed() {
    let app = TestApp::start().await;
    let database = ClickHouseDatabase::create(shared().await).await;
    for table in ["thrown", "unreadable", "done"] {
        database
            .run(&format!("CREATE TABLE {table} (id UInt64, s String) ENGINE = MergeTree ORDER BY id"))
            .await;
        let rows = "SELECT number, if(number = 7, 'hunter2', 'x') FROM numbers(10)";
        database.run(&format!("INSERT INTO {table} {rows}")).await;
    }
    database.run("ALTER TABLE thrown UPDATE s = toString(throwIf(s = 'hunter2', 'the secret is hunter2')) WHERE id = 7").await;
    database.run("ALTER TABLE unreadable UPDATE s = toString(toUInt64(s)) WHERE id = 7").await;
    database.run("ALTER TABLE done DELETE WHERE s = 'hunter2'").await;
    let registered =
        Organization::verified(&app, "mutations").await.register_as(&database.registration()).await;

    let is_stuck = |lines: &[Value]| lines.len() == 1 && lines[0]["stuck"] == true;
    let thrown = shows(&registered, &database, "thrown", is_stuck).await.remove(0);
    let unreadable = shows(&registered, &database, "unreadable", is_stuck).await.remove(0);
    let done = shows(&registered, &database, "done", |lines| lines.len() == 1 && lines[0]["is_done"] == true);
    let done = done.await.remove(0);
    assert_eq!(
        (&done["stuck"], &done["parts_to_do"], &done["latest_fail_reason"]),
        (&json!(false), &json!(0), &json!(null))
    );
    assert_eq!(thrown["command"], "(UPDATE s = toString(throwIf(s = $1, $2)) WHERE id = $3)");
    assert_eq!(thrown["latest_fail_reason"], "Code: 395");
    assert_eq!(thrown["latest_fail_error_code_name"], "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO");
    let reason = unreadable["latest_fail_reason"].as_str().unwrap();
    assert!(reason.starts_with("Code: 6. Cannot parse string *** as UInt64"), "{reason}");
    let shown = registered.get("/mutations?limit=500").await.to_string();
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!app.log().contains("hunter2"), "{}", app.log());

    let own = database
        .rows(
            "SELECT table, mutation_id, parts_to_do, latest_failed_part, is_done, is_killed, \
               formatDateTime(create_time, '%FT%T.000Z') AS create_time, hostName() AS host_name \
               FROM system.mutations WHERE database = currentDatabase()",
        )
        .await;
    for own in own {
        let line =
            [&thrown, &unreadable, &done].into_iter().find(|line| line["table"] == own["table"]).unwrap();
        for field in ["mutation_id", "parts_to_do", "create_time", "host_name"] {
            assert_eq!(line[field], own[field], "{field} of {line:#}");
        }
        let failed_part = own["latest_failed_part"].as_str().filter(|part| !part.is_empty());
        assert_eq!(line["latest_failed_part"].as_str(), failed_part, "{line:#}");
        assert_eq!(
            (&line["is_done"], &line["is_killed"]),
            (&json!(own["is_done"] == 1), &json!(own["is_killed"] == 1))
        );
        assert_eq!(line["latest_fail_time"].is_null(), failed_part.is_none(), "{line:#}");
    }
    // a server that others use too
    let overview = registered.get("/overview").await;
    assert!(overview["stuck_mutations"].as_i64() >= Some(2), "{overview:#}");
    assert!(overview["active_mutations"].as_i64() >= overview["stuck_mutations"].as_i64(), "{overview:#}");

    database.run("KILL MUTATION WHERE database = currentDatabase() AND table = 'thrown'").await;
    shows(&registered, &database, "thrown", |lines| lines.iter().all(|line| line["stuck"] == false)).await;
    assert!(is_stuck(&of_table(&registered, &database, "unreadable").await));
    database.run("KILL MUTATION WHERE database = currentDatabase()").await;
    registered.status_becomes("connected", Duration::from_secs(5)).await;
}
