//! Plans: taken without running anything, seen to change, and without a literal.

use std::time::Duration;

use basira_test_support::PostgresServer;
use serde_json::Value;
use tokio_postgres::Client;

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually, holds_for};

/// Each statement has its turn once in 60 polls; their texts are read every 30.
const PLANNED_WITHIN: Duration = Duration::from_secs(110);

/// A watched database with a table of its own that the monitoring role may read.
struct Planned {
    app: TestApp,
    database: TestDatabase,
    registered: Registered,
    admin: Client,
}

const READ: &str = "select n, name from planned where n = 777001 and name <> 'zqsecret'";

async fn planned(server: &PostgresServer, granted: bool, before: &str) -> Planned {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "plans").await;
    let database = TestDatabase::create(server).await;
    let admin = database.client().await;
    admin
        .batch_execute(
            "create table planned as select n, 'x'::text as name from generate_series(1, 20000) n;
             create index planned_n on planned (n);",
        )
        .await
        .unwrap();
    admin.batch_execute("analyze planned").await.unwrap();
    if granted {
        let grant = format!("grant pg_read_all_data to {}", database.name);
        admin.batch_execute(&grant).await.unwrap();
    }
    admin.batch_execute(before).await.unwrap();
    let registered = organization.register(&database).await;
    registered.connected().await;
    Planned { app, database, registered, admin }
}

impl Planned {
    /// The hash of the one statement whose text contains `part`.
    async fn hash(&self, part: &str) -> String {
        eventually(Duration::from_secs(30), async || {
            let lines = self.registered.get("/queries?limit=100").await;
            let line = lines
                .as_array()
                .unwrap()
                .iter()
                .find(|line| line["query_text"].as_str().is_some_and(|text| text.contains(part)));
            line.map(|line| line["query_hash"].as_str().unwrap().to_owned()).ok_or(lines.clone())
        })
        .await
    }

    /// The plans of a statement, as soon as there are `count`.
    async fn plans(&self, hash: &str, count: usize) -> Vec<Value> {
        eventually(PLANNED_WITHIN, async || {
            let plans = self.registered.get(&format!("/queries/{hash}/explain")).await;
            let collector = self.registered.collector("explain_plans").await;
            let plans = plans.as_array().unwrap().clone();
            if plans.len() >= count { Ok(plans) } else { Err((plans, collector)) }
        })
        .await
    }

    /// Waits until the one statement whose text contains `part` has no plan, for this `reason`.
    async fn is_not_planned(&self, part: &str, reason: &str) {
        let path = format!("/databases/{}/queries/{}/explain", self.registered.id, self.hash(part).await);
        eventually(PLANNED_WITHIN, async || {
            let answer = self.registered.client.request(reqwest::Method::GET, &path).send().await.unwrap();
            let header = answer.headers().get("x-unavailable-reason");
            let said = header.map(|header| header.to_str().unwrap().to_owned());
            if said.as_ref().is_some_and(|said| said.contains(reason)) { Ok(()) } else { Err(said) }
        })
        .await;
    }

    /// Nothing that Basira shows, stores or logs has a literal of [`READ`].
    fn assert_no_literal(&self, shown: &[Value]) {
        let shown = serde_json::to_string(shown).unwrap();
        let mut places = vec![("API", shown.into_bytes()), ("log", self.app.log().into_bytes())];
        let mut folders = vec![self.app.data_dir()];
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path)
                } else if path.is_file() {
                    places.push(("store", std::fs::read(path).unwrap()))
                }
            }
        }
        for (place, bytes) in places {
            for literal in ["zqsecret", "777001"] {
                let found = bytes.windows(literal.len()).any(|window| window == literal.as_bytes());
                assert!(!found, "{literal} in the {place}");
            }
        }
    }
}

async fn a_statement_gets_its_plan_and_a_dropped_index_changes_it(major: u16) {
    let server = shared(major).await;
    // a function that writes, a text that is not SQL by itself, one with a CTE that deletes
    let others = "create table written (n int);
        create function writes() returns int language sql volatile as 'insert into written values (1) returning n';";
    let it = planned(server, true, others).await;
    it.admin.batch_execute(READ).await.unwrap();
    it.admin.batch_execute("select writes() as written_by_us").await.unwrap();
    it.admin
        .batch_execute("with gone as (delete from written where n = 77 returning n) select * from gone")
        .await
        .unwrap();
    it.admin.batch_execute("select interval '1 day' as not_sql_when_normalised").await.unwrap();
    let hash = it.hash("from planned").await;
    let first = it.plans(&hash, 1).await.remove(0);
    assert_eq!(first["source"], "generic", "{first}");
    assert_eq!((&first["seq_scans"], &first["index_scans"]), (&Value::from(0), &Value::from(1)), "{first}");
    assert!(first["actual_time_ms"].is_null() && first["rows_actual"].is_null(), "{first}");
    assert!(
        first["total_cost"].as_f64().unwrap() > 0.0 && first["rows_estimated"].as_f64().unwrap() > 0.0,
        "{first}"
    );
    assert!(first["plan_json"].to_string().contains("planned_n"), "{first}");

    it.is_not_planned("written_by_us", "functions that are not built in").await;
    it.is_not_planned("with gone as", "right to write").await;
    let written: i64 = it.admin.query_one("select count(*) from written", &[]).await.unwrap().get(0);
    assert_eq!(written, 1, "planning ran a statement");

    if ![14, NEWEST].contains(&major) {
        return; // another plan comes a minute later, on each version alike
    }
    it.admin.batch_execute("drop index planned_n").await.unwrap();
    let plans = it.plans(&hash, 2).await;
    assert_ne!(plans[0]["plan_hash"], plans[1]["plan_hash"]);
    assert_eq!(plans[0]["seq_scans"], 1, "{:?}", plans[0]);
    it.assert_no_literal(&plans);
    let left: i64 = it
        .admin
        .query_one(
            "select count(*) from pg_stat_activity where usename = $1 and state like 'idle in%'",
            &[&it.database.name],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(left, 0, "a transaction was left open");
    let events = it.registered.get("/events?kind=plan_changed").await;
    let changed = events.as_array().unwrap().iter().filter(|event| event["subject"] == *hash).count();
    assert_eq!(changed, 1, "{events:#}");
}

on_every_version!(a_statement_gets_its_plan_and_a_dropped_index_changes_it);

#[tokio::test]
async fn a_denied_plan_names_the_missing_privilege_and_its_fix_works() {
    let it = planned(shared(NEWEST).await, false, READ).await;
    it.admin.batch_execute(READ).await.unwrap();
    let hash = it.hash("from planned").await;
    let line = eventually(PLANNED_WITHIN, async || {
        let line = it.registered.collector("explain_plans").await;
        if line["fix"].is_string() { Ok(line) } else { Err(line) }
    })
    .await;
    assert_eq!(line["state"], "ok", "{line}");
    it.admin.batch_execute(line["fix"].as_str().unwrap()).await.unwrap();
    it.plans(&hash, 1).await;
    let off = serde_json::json!({"collect_explain_plans": false});
    it.registered.client.patch(&format!("/databases/{}", it.registered.id), &off, 200).await;
    for name in ["explain_plans", "auto_explain"] {
        assert_eq!(it.registered.collector(name).await["state"], "disabled");
    }
    it.registered
        .client
        .get(&format!("/databases/{}/queries/0123456789abcdef/explain", it.registered.id), 404)
        .await;
}

#[tokio::test]
async fn a_locked_table_delays_no_other_plan() {
    let it = planned(shared(NEWEST).await, true, READ).await;
    let locker = it.database.client().await;
    locker.batch_execute("begin; lock table planned in access exclusive mode").await.unwrap();
    it.admin.batch_execute("select 1 as while_it_is_locked").await.unwrap();
    holds_for(Duration::from_secs(6), async || {
        assert_eq!(it.registered.get("").await["status"], "connected");
    })
    .await;
    it.registered.polls_pass(3).await;
    locker.batch_execute("rollback").await.unwrap();
}

/// `log_destination` and the plans that come by it.
async fn logged(major: u16, destination: &str) {
    let settings = format!(
        "logging_collector = on\nlog_destination = '{destination}'\nlog_line_prefix = '%m [%p] %q%u@%d '\nlog_min_duration_statement = -1"
    );
    let server = private(major, &settings).await;
    let it = planned(&server, true, "select 1").await;
    // each fix that is named, until none is
    eventually(Duration::from_secs(240), async || {
        let line = it.registered.collector("auto_explain").await;
        if line["state"] == "ok" {
            return Ok(());
        }
        if let Some(fix) = line["fix"].as_str() {
            for statement in fix.replace("'1s'", "'0'").split(';').filter(|part| !part.trim().is_empty()) {
                it.admin.batch_execute(statement).await.unwrap();
            }
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        Err(line)
    })
    .await;
    it.admin.batch_execute("alter system set auto_explain.log_analyze = on").await.unwrap();
    it.admin.batch_execute("select pg_reload_conf()").await.unwrap();
    let hash = eventually(Duration::from_secs(100), async || {
        it.database.client().await.batch_execute(READ).await.unwrap();
        let hash = it.hash("from planned").await;
        let plans = it.registered.get(&format!("/queries/{hash}/explain")).await;
        let plans = plans.as_array().unwrap().clone();
        let of_log =
            plans.iter().find(|plan| plan["source"] == "auto_explain" && plan["rows_actual"].is_number());
        match of_log {
            Some(plan) => {
                assert!(
                    plan["actual_time_ms"].as_f64().unwrap() > 0.0 && plan["rows_actual"] == 0.0,
                    "{plan}"
                );
                assert_eq!(plan["index_scans"], 1, "{plan}");
                Ok(hash)
            }
            None => Err((plans, it.registered.collector("auto_explain").await)),
        }
    })
    .await;
    it.assert_no_literal(&it.plans(&hash, 1).await);
}

#[tokio::test]
async fn plans_are_read_from_a_plain_log() {
    logged(14, "stderr").await;
}

#[tokio::test]
async fn plans_are_read_from_a_csv_log() {
    logged(16, "csvlog").await;
}

#[tokio::test]
async fn plans_are_read_from_a_json_log() {
    logged(18, "jsonlog").await;
}
