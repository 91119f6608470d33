//! Settings of the role, the database, the profile or the server do not change what we are answered.

use std::time::Duration;

use basira_test_support::ClickHouseServer;
use serde_json::Value;

use crate::harness::clickhouse::{self, ClickHouseDatabase};
use crate::harness::postgres::{NEWEST, private};
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually};

const SEEN_WITHIN: Duration = Duration::from_secs(25);

/// Each breaks or changes queries of ours unless the session has its own.
const HOSTILE: [&str; 12] = [
    "default_transaction_isolation = 'serializable'",
    "default_transaction_deferrable = on",
    "search_path = 'public'",
    "transaction_timeout = '400ms'",
    "idle_session_timeout = '1s'",
    "statement_timeout = '400ms'",
    "restrict_nonsystem_relation_kind = 'view'",
    "quote_all_identifiers = on",
    "row_security = off",
    "exit_on_error = on",
    "\"DateStyle\" = 'SQL, DMY'",
    "stats_fetch_consistency = 'none'",
];

async fn all_succeed(registered: &Registered) {
    eventually(SEEN_WITHIN, async || {
        let lines = registered.get("/collectors").await;
        let lines = lines.as_array().unwrap();
        let bad: Vec<&Value> =
            lines.iter().filter(|line| line["state"] == "failing" || line["failures"] != 0).collect();
        let ran = lines.iter().filter(|line| line["runs"].as_u64() > Some(0)).count();
        assert!(bad.is_empty(), "{bad:#?}");
        if ran > 8 { Ok(()) } else { Err(ran) }
    })
    .await;
}

#[tokio::test]
async fn settings_of_role_and_database_change_no_answer() {
    let server = private(NEWEST, "").await;
    let database = TestDatabase::create(&server).await;
    let admin = database.client().await;
    for (number, setting) in HOSTILE.into_iter().enumerate() {
        let of = ["database", "role"][number % 2];
        admin.batch_execute(&format!("alter {of} {} set {setting}", database.name)).await.unwrap();
    }
    // the table is found by the search path, and the row written, only with the settings of the login itself
    admin
        .batch_execute(
            "create table public.logins (who text); grant insert on public.logins to public;
             create function public.note_login() returns event_trigger language plpgsql as
             $$begin insert into logins values (session_user); end$$;
             create event trigger noting on login execute function public.note_login();
             alter event trigger noting enable always",
        )
        .await
        .unwrap();
    let app = TestApp::start().await;
    let registered = Organization::verified(&app, "settings").await.register(&database).await;
    registered.connected().await;
    registered.polls_pass(4).await;
    all_succeed(&registered).await;
    let sessions = "select count(*) from public.logins where who = $1";
    let sessions: i64 = admin.query_one(sessions, &[&database.name]).await.unwrap().get(0);
    assert_eq!(sessions, 1, "idle sessions are cut");

    admin.batch_execute("revoke insert on public.logins from public").await.unwrap();
    let drop = "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1";
    admin.query(drop, &[&database.name]).await.unwrap();
    let shown = registered.status_becomes("disconnected", SEEN_WITHIN).await;
    let error = shown["last_error"].as_str().unwrap();
    assert!(error.contains("login event trigger") && error.contains("note_login"), "{error}");
}

#[tokio::test]
async fn a_standby_whose_transactions_are_serializable_is_watched() {
    let primary = private(NEWEST, "default_transaction_isolation = 'serializable'").await;
    let database = TestDatabase::create(&primary).await;
    let standby = primary.standby("settings").await.unwrap();
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "standby").await;
    let registered = organization.register_as(&database.registration_through(standby.port())).await;
    registered.connected().await;
    all_succeed(&registered).await;
}

#[tokio::test]
async fn a_profile_that_limits_results_limits_none_of_ours() {
    let database = ClickHouseDatabase::create(clickhouse::shared().await).await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "profile").await;
    let registered = organization.register_as(&database.registration_as(ClickHouseServer::READERS[3])).await;
    registered.status_becomes("connected", SEEN_WITHIN).await;
    all_succeed(&registered).await;
}
