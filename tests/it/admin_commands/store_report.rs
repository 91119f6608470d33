//! `admin store` shows what the tables hold.

use std::process::Output;
use std::time::Duration;

use basira::samples::DatabaseScope;
use basira_actors::model::streams::STATEMENTS;
use basira_actors::model::{OrganizationId, Timestamp};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};

use super::polled_store::{HOUR_MS, POLL_MS, Polled, START};
use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, TestApp, TestDatabase, eventually};

fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn number(connection: &DatabaseConnection, sql: &str) -> i64 {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
    row.expect("a row").try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn the_figures_are_those_of_the_tables() {
    let mut app = TestApp::start().await;
    let organization = Organization::verified(&app, "figures").await;
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let registered = organization.register(&database).await;
    registered.connected().await;
    database.client().await.batch_execute("create table seen (n int); analyze seen").await.unwrap();
    registered.polls_pass(3).await;
    // beside the server at work
    let at_work = eventually(Duration::from_secs(30), async || {
        let at_work: Value = serde_json::from_str(&printed(app.admin(&["store", "--json"]).await)).unwrap();
        // texts are read some polls after the first
        let named = at_work["texts"].as_u64() > Some(0) && at_work["entries"].as_u64() > Some(0);
        if named { Ok(at_work) } else { Err(at_work) }
    })
    .await;
    assert_eq!(at_work["databases"][0]["id"], json!(registered.id));
    assert!(at_work["databases"][0]["streams"][0]["tail_records"].as_u64().unwrap() > 0, "{at_work:#}");
    app.kill().await;

    let scope =
        DatabaseScope { organization: OrganizationId::generate(), database: registered.id.parse().unwrap() };
    let polled = Polled::open(&app.data_dir().join("basira.db"), scope).await;
    // the polls of long ago come late to a stream that goes on: sealed are all but those of the last hour
    for nth in 0..2 * HOUR_MS / POLL_MS + 5 {
        polled.poll(nth).await;
    }
    // nothing is past its time by the clock of these polls
    polled.samples.maintain(Timestamp(START + 2 * HOUR_MS + POLL_MS)).await.unwrap();
    let tables = polled.storage.reader().clone();
    let shown: Value = serde_json::from_str(&printed(app.admin(&["store", "--json"]).await)).unwrap();
    let streams = shown["databases"][0]["streams"].as_array().unwrap();
    let statements = streams.iter().find(|stream| stream["stream"] == "statements").unwrap();
    let of_tail = "from sample_tail where stream = 'statements'";
    let of_segments = "from sample_segment where stream = 'statements' and resolution = 0";
    for (shown, sql) in [
        (&shown["texts"], "select count(*) from sample_word".to_owned()),
        (&shown["entries"], "select count(*) from sample_entry".to_owned()),
        (&statements["tail_records"], format!("select count(*) {of_tail}")),
        (&statements["tail_bytes"], format!("select sum(length(record)) {of_tail}")),
        (&statements["kept"][0]["segments"], format!("select count(*) {of_segments}")),
        (&statements["kept"][0]["rows"], format!("select sum(row_count) {of_segments}")),
        (
            &statements["kept"][0]["bytes"],
            format!(
                "select sum(length(sums) + length(head)) + (select sum(length(data)) from sample_block \
                 where segment_id in (select id {of_segments})) {of_segments}"
            ),
        ),
    ] {
        assert_eq!(shown, &json!(number(&tables, &sql).await), "{sql}");
    }
    let raw = &statements["kept"][0];
    assert!(raw["segments"].as_u64().unwrap() >= 2 && raw["rows"].as_u64().unwrap() >= 36_000, "{raw:#}");
    let plain = raw["rows"].as_u64().unwrap() * (STATEMENTS.columns.len() as u64 + 2) * 8;
    assert_eq!(raw["plain_bytes"], json!(plain));
    assert_eq!(raw["first"], json!(Timestamp(START)));
    let used = "select (page_count - freelist_count) * page_size \
        from pragma_page_count, pragma_freelist_count, pragma_page_size";
    let log = std::fs::metadata(app.data_dir().join("basira.db-wal")).unwrap().len();
    assert_eq!(shown["disk_bytes"], json!(number(&tables, used).await.unsigned_abs() + log));
    polled.close().await;

    let table = printed(app.admin(&["store"]).await);
    assert!(table.contains(&database.name) && table.contains(&registered.id), "{table}");
    assert!(table.contains(" of at most 20.0 GiB ("), "{table}");
}

#[tokio::test]
async fn the_report_shows_a_size_limit_and_postgres_storage() {
    let own = TestDatabase::create(shared(NEWEST).await).await;
    let settings = [("STORAGE__URL", own.superuser_dsn()), ("SAMPLES__RETENTION__MAX_BYTES", "0")];
    let app = TestApp::start_with(&settings).await;
    let organization = Organization::verified(&app, "figures-pg").await;
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let registered = organization.register(&database).await;
    registered.connected().await;
    registered.polls_pass(2).await;
    let shown: Value = serde_json::from_str(&printed(app.admin(&["store", "--json"]).await)).unwrap();
    let sql = "select sum(pg_total_relation_size(oid))::bigint from pg_class where relname in \
        ('sample_tail', 'sample_segment', 'sample_block', 'sample_orphan', 'sample_gap', 'sample_entry', \
         'sample_word')";
    let bytes: i64 = own.client().await.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(shown["cap_bytes"], Value::Null);
    let shown_bytes = shown["disk_bytes"].as_i64().unwrap();
    assert!(shown_bytes > 0 && shown_bytes <= bytes, "{shown_bytes} of {bytes}");
    assert_eq!(shown["databases"][0]["name"], database.registration()["name"]);
    let table = printed(app.admin(&["store"]).await);
    assert!(table.contains(", without a cap"), "{table}");
}
