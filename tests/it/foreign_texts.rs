//! Texts that are not valid in the encoding of the watched database: each costs nothing but its own characters.

use std::time::Duration;

use basira_test_support::PostgresServer;
use serde_json::Value;

use crate::harness::postgres::{NEWEST, private};
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually};

const SHOWN_WITHIN: Duration = Duration::from_secs(25);

async fn create_latin1(server: &PostgresServer) -> TestDatabase {
    let database = TestDatabase::create(server).await;
    let admin = server.client().await.unwrap();
    for sql in [
        format!("drop database {}", database.name),
        format!("create database {} encoding 'LATIN1' locale 'C' template template0", database.name),
    ] {
        admin.batch_execute(&sql).await.unwrap();
    }
    database.client().await.batch_execute("create extension pg_stat_statements").await.unwrap();
    database
}

async fn text_with(registered: &Registered, view: &str, words: &str) -> Value {
    eventually(SHOWN_WITHIN, async || {
        let lines = registered.get(view).await;
        let has = |line: &&Value| line["query_text"].as_str().is_some_and(|text| text.contains(words));
        lines.as_array().unwrap().iter().find(has).cloned().ok_or(lines)
    })
    .await
}

#[tokio::test]
async fn a_text_of_another_encoding_costs_nothing_but_its_characters() {
    let server = private(NEWEST, "").await;
    let (utf8, latin1) = (TestDatabase::create(&server).await, create_latin1(&server).await);
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "encodings").await;
    let (of_utf8, of_latin1) = (organization.register(&utf8).await, organization.register(&latin1).await);
    of_utf8.connected().await;
    of_latin1.connected().await;

    let accented = latin1.client().await;
    let sleeping = async { accented.batch_execute("select pg_sleep(40) as \"caf\u{e9}\"").await };
    let seen = async {
        text_with(&of_utf8, "/active", "caf\u{fffd}").await;
        let line = of_utf8.collector("pg_stat_activity").await;
        assert_eq!(line["state"], "ok", "{line}");
        text_with(&of_latin1, "/active", "caf\u{e9}").await;
    };
    tokio::select! { ended = sleeping => panic!("{ended:?}"), () = seen => {} }

    // LATIN1 has no such characters, so the server returns no text of any statement there
    let cyrillic = utf8.client().await;
    cyrillic.batch_execute("select 1 as \"\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}\"").await.unwrap();
    let admin = latin1.client().await;
    admin.batch_execute("create table late (n int)").await.unwrap();
    admin.batch_execute("select count(*) from late where n > 7").await.unwrap();
    eventually(SHOWN_WITHIN, async || {
        admin.batch_execute("select count(*) from late where n > 7").await.unwrap();
        let line = of_latin1.collector("pg_stat_statements").await;
        let reason = line["reason"].as_str().unwrap_or_default();
        if reason.contains("the encoding of this database lacks") && line["state"] == "ok" {
            Ok(())
        } else {
            Err(line)
        }
    })
    .await;
    let line = text_with(&of_latin1, "/queries", "from late where n > $1").await;
    assert!(line["total_calls"].as_i64().unwrap() > 0, "{line}");
    of_latin1.polls_pass(3).await;
    let line = of_latin1.collector("pg_stat_statements").await;
    let reason = line["reason"].as_str().unwrap_or_default();
    assert_eq!((&line["failures"], line["fix"].is_string()), (&0.into(), true), "{line}");
    assert!(reason.contains("the encoding of this database lacks"), "not a standing notice: {line}");
}
