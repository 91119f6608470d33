//! Sent to PostgreSQL, and seen in its sessions, its statistics and its catalogs.

use std::time::Duration;

use futures_util::future::join_all;

use super::generate::{Generator, POSTGRES};
use super::outputs::{assert_clean, stores_text};
use super::statements;
use crate::harness::postgres::shared;
use crate::harness::{Organization, TestApp, TestDatabase, eventually};

/// As many are in the middle of a transaction at once; each shows its last statement.
const SESSIONS: usize = 25;
const CATALOG: &[&str] = &[
    "create table planted (a text primary key default '%', check (a <> '%'))",
    "insert into planted values ('%')",
    "create index planted_i on planted (lower(a || '%')) where a <> '%' and length(a) <> ^",
    "create view planted_shown as select a || '%' as b from planted where a <> '%'",
    "create policy planted_p on planted using (a <> '%')",
    "create statistics planted_s on (a || '%'), (lower(a)) from planted",
    "comment on index planted_i is '%'",
    "create publication planted_n for table planted",
];

async fn no_literal_is_stored(major: u16) {
    let app = TestApp::start_with(&[("LOG__LEVEL", "debug")]).await;
    let organization = Organization::verified(&app, "literals").await;
    let database = TestDatabase::create(shared(major).await).await;
    let admin = database.client().await;
    let mut generator = Generator::new(&POSTGRES, u32::from(major));
    for template in CATALOG {
        admin.batch_execute(&generator.filled(template).sql).await.unwrap();
    }
    let registered = organization.register(&database).await;
    registered.connected().await;

    let sessions = join_all((0..SESSIONS).map(|_| database.client())).await;
    for session in &sessions {
        // they get in each other's way
        session.batch_execute("set lock_timeout = '20ms'").await.unwrap();
    }
    for batch in 0..statements().div_ceil(SESSIONS) {
        for (nth, session) in sessions.iter().enumerate() {
            session.batch_execute("rollback; begin").await.unwrap();
            // a broken one is shown like any other
            session.batch_execute(&generator.statement(batch * SESSIONS + nth).sql).await.ok();
        }
        registered.polls_pass(1).await;
    }
    drop(sessions);
    admin.batch_execute("select a as the_last_planted from planted").await.unwrap();
    stores_text(&app, "the_last_planted").await;
    eventually(Duration::from_secs(30), async || {
        let lines = registered.get("/indexes?limit=500").await;
        let mut defined = lines.as_array().unwrap().iter().filter_map(|line| line["index_def"].as_str());
        defined.find(|text| text.contains("planted_i")).map(str::to_owned).ok_or(lines.clone())
    })
    .await;
    assert_clean(&app, &registered).await;
}

on_versions!(no_literal_is_stored: on_14 = 14, on_18 = 18);
