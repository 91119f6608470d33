//! `/replication` tells how far standbys and slots are behind, whichever server is asked and whatever becomes of them.

use std::time::Duration;

use basira_test_support::{MAJORS, PostgresServer};
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::harness::postgres::{NEWEST, private};
use crate::harness::{
    Organization, Pair, Registered, TestApp, TestDatabase, eventually, wait_until_replayed,
};

const SEEN_WITHIN: Duration = Duration::from_secs(30);
const COLLECTOR: &str = "pg_stat_replication";
/// What a server writes by itself now and then, without a transaction.
const WAL_NOISE: i64 = 64 * 1024;
const NAIVE_LAG: &str = "select extract(epoch from now() - pg_last_xact_replay_timestamp())::float8";

impl Pair {
    async fn writes(&self) {
        let client = self.primary_server.client().await.unwrap();
        let table = "drop table if exists work; create table work as select repeat('x', 90) from generate_series(1, 30000)";
        client.batch_execute(table).await.unwrap();
    }

    /// What both see when the standby has everything.
    async fn is_even(&self) {
        eventually(SEEN_WITHIN, async || {
            let (primary, standby) = (seen(&self.primary).await, seen(&self.standby).await);
            let even = primary["standbys"][0]["replay_lag_bytes"] == 0
                && standby["replication_lag_bytes"] == 0
                && standby["replication_lag_seconds"] == 0.0;
            if even { Ok(()) } else { Err((primary, standby)) }
        })
        .await;
    }
}

async fn start(major: u16) -> Pair {
    Pair::start(major, "autovacuum = off\ncheckpoint_timeout = 1h", &json!({})).await
}

/// `/replication` of this moment.
async fn seen(registered: &Registered) -> Value {
    registered.looks_again(COLLECTOR).await;
    registered.get("/replication").await
}

async fn text(client: &Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

async fn bytes(client: &Client, sql: &str) -> i64 {
    client.query_one(&format!("select ({sql})::int8"), &[]).await.unwrap().get(0)
}

async fn a_standby_is_followed(major: u16) {
    let mut pair = start(major).await;
    pair.is_even().await;
    both_know_their_role(&pair).await;
    an_idle_primary_is_no_lag(&pair).await;
    a_paused_replay_falls_behind(&pair).await;
    a_stopped_standby_holds_back_wal(&mut pair).await;
    a_promoted_standby_is_a_primary(&pair).await;
}

async fn both_know_their_role(pair: &Pair) {
    let primary = seen(&pair.primary).await;
    assert_eq!(primary["is_replica"], false);
    for name in ["replication_lag_bytes", "replication_lag_seconds", "upstream_host", "replay_paused"] {
        assert!(primary[name].is_null(), "{name}: {primary:#}");
    }
    let follower = &primary["standbys"][0];
    assert_eq!(follower["application_name"], "follower");
    assert_eq!((&follower["state"], &follower["sync_state"]), (&json!("streaming"), &json!("async")));
    assert_eq!((&follower["client_addr"], &follower["sent_lag_bytes"]), (&json!("127.0.0.1"), &json!(0)));
    let slot = &primary["slots"][0];
    assert_eq!((&slot["slot_name"], &slot["slot_type"]), (&json!("follower"), &json!("physical")));
    assert_eq!((&slot["active"], &slot["wal_status"]), (&json!(true), &json!("reserved")));
    let major = pair.primary_server.major();
    assert_eq!(slot["failover"].is_null(), major < 17, "{slot:#}");
    assert!(slot["safe_wal_size"].is_null() && slot["lag_bytes"].is_number(), "{slot:#}");

    let standby = seen(&pair.standby).await;
    assert_eq!((&standby["is_replica"], &standby["upstream_host"]), (&json!(true), &json!("127.0.0.1")));
    assert_eq!(standby["upstream_port"], pair.primary_server.port());
    assert_eq!(
        (&standby["receiver_status"], &standby["replay_paused"]),
        (&json!("streaming"), &json!(false))
    );
    assert_eq!(standby["standbys"], json!([]));
}

/// The age of the last transaction grows, and means nothing.
async fn an_idle_primary_is_no_lag(pair: &Pair) {
    let client = pair.standby_server.client().await.unwrap();
    eventually(SEEN_WITHIN, async || {
        let naive: f64 = client.query_one(NAIVE_LAG, &[]).await.unwrap().get(0);
        let lag = seen(&pair.standby).await["replication_lag_seconds"].as_f64().unwrap();
        assert!(lag < 1.5, "{lag} s behind an idle primary");
        if naive > 5.0 { Ok(()) } else { Err(naive) }
    })
    .await;
}

async fn a_paused_replay_falls_behind(pair: &Pair) {
    let standby = pair.standby_server.client().await.unwrap();
    standby.batch_execute("select pg_wal_replay_pause()").await.unwrap();
    pair.writes().await;
    let behind = "pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())";
    let first = eventually(SEEN_WITHIN, async || {
        let now = seen(&pair.standby).await;
        let is_behind =
            now["replication_lag_bytes"].as_i64() > Some(WAL_NOISE * 16) && now["replay_paused"] == true;
        if is_behind { Ok(now) } else { Err(now) }
    })
    .await;
    let later = eventually(SEEN_WITHIN, async || {
        let now = seen(&pair.standby).await;
        let lag = |of: &Value| of["replication_lag_seconds"].as_f64().unwrap();
        if lag(&now) > lag(&first) + 1.0 { Ok(now) } else { Err(now) }
    })
    .await;
    let (shown, own) = (later["replication_lag_bytes"].as_i64().unwrap(), bytes(&standby, behind).await);
    assert!((shown - own).abs() <= WAL_NOISE, "{shown} shown, {own} counted");

    let admin = pair.primary_server.client().await.unwrap();
    let behind = "select pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) from pg_stat_replication";
    let now = seen(&pair.primary).await;
    let (shown, own) =
        (now["standbys"][0]["replay_lag_bytes"].as_i64().unwrap(), bytes(&admin, behind).await);
    assert!((shown - own).abs() <= WAL_NOISE && shown > WAL_NOISE, "{shown} shown, {own} counted");
    worst_is_in_the_history(&pair.primary, shown).await;
    worst_is_in_the_history(&pair.standby, later["replication_lag_bytes"].as_i64().unwrap()).await;

    standby.batch_execute("select pg_wal_replay_resume()").await.unwrap();
    pair.is_even().await;
}

async fn worst_is_in_the_history(registered: &Registered, bytes: i64) {
    let lines = registered.get("/replication/history?bucket=2").await;
    let lags = lines.as_array().unwrap().iter().filter_map(|line| line["lag_bytes"].as_i64());
    assert!(lags.max().unwrap() >= bytes - WAL_NOISE, "{lines:#}");
}

async fn a_stopped_standby_holds_back_wal(pair: &mut Pair) {
    pair.standby_server.halt().await.unwrap();
    let slot = async || {
        let now = seen(&pair.primary).await;
        assert_eq!(now["standbys"], json!([]), "it is gone");
        now["slots"][0].clone()
    };
    eventually(SEEN_WITHIN, async || {
        let now = seen(&pair.primary).await;
        if now["standbys"] == json!([]) { Ok(()) } else { Err(now) }
    })
    .await;
    let first = slot().await;
    assert_eq!(first["active"], false, "{first:#}");
    pair.writes().await;
    let later = slot().await;
    assert!(
        later["lag_bytes"].as_i64().unwrap() > first["lag_bytes"].as_i64().unwrap() + WAL_NOISE,
        "{later:#}"
    );
    let admin = pair.primary_server.client().await.unwrap();
    let held = "select pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) from pg_replication_slots";
    assert!((later["lag_bytes"].as_i64().unwrap() - bytes(&admin, held).await).abs() <= WAL_NOISE);
    let lines = pair.primary.get("/replication/slots/history?bucket=2").await;
    let newest = lines.as_array().unwrap().last().unwrap();
    assert_eq!(newest["slot_name"], "follower");
    let missed = newest["lag_bytes"].as_i64().unwrap() - later["lag_bytes"].as_i64().unwrap();
    assert!(missed.abs() <= WAL_NOISE, "{newest:#} instead of {later:#}");

    pair.standby_server.start_again().await.unwrap();
    pair.is_even().await;
}

async fn a_promoted_standby_is_a_primary(pair: &Pair) {
    let failures = pair.standby.collector(COLLECTOR).await["failures"].clone();
    pair.standby_server.client().await.unwrap().batch_execute("select pg_promote()").await.unwrap();
    let now = seen(&pair.standby).await;
    assert_eq!(now["is_replica"], false);
    for name in ["replication_lag_bytes", "replication_lag_seconds", "upstream_host", "receiver_status"] {
        assert!(now[name].is_null(), "{name}: {now:#}");
    }
    assert_eq!(pair.standby.collector(COLLECTOR).await["failures"], failures);
}

on_every_version!(a_standby_is_followed);

/// One watched server with slots and no standby.
async fn watched(
    major: u16,
    settings: &str,
    slots: &str,
) -> (TestApp, PostgresServer, TestDatabase, Registered) {
    let server = private(major, settings).await;
    server.client().await.unwrap().batch_execute(slots).await.unwrap();
    let database = TestDatabase::create(&server).await;
    let app = TestApp::start().await;
    let registered = Organization::verified(&app, "replication").await.register(&database).await;
    registered.connected().await;
    (app, server, database, registered)
}

#[tokio::test]
async fn a_slot_that_retains_too_much_wal_is_lost() {
    for major in [MAJORS[0], NEWEST] {
        let slots = "select pg_create_physical_replication_slot('behind', true); \
                     select pg_create_logical_replication_slot('changes', 'pgoutput')";
        let settings = "wal_level = logical\nmax_slot_wal_keep_size = 1MB";
        let (_app, server, _, registered) = watched(major, settings, slots).await;
        let before = seen(&registered).await;
        let (behind, changes) = (&before["slots"][0], &before["slots"][1]);
        assert_eq!((&behind["wal_status"], &behind["active"]), (&json!("reserved"), &json!(false)));
        assert!(behind["safe_wal_size"].is_number() && behind["lag_bytes"].is_number(), "{behind:#}");
        assert_eq!((&changes["slot_type"], &changes["plugin"]), (&json!("logical"), &json!("pgoutput")));
        assert_eq!((&changes["database"], &changes["two_phase"]), (&json!("postgres"), &json!(false)));
        assert!(changes["unconfirmed_bytes"].is_number() && behind["unconfirmed_bytes"].is_null());

        let admin = server.client().await.unwrap();
        for _ in 0..3 {
            admin.batch_execute("create table if not exists t (n int); insert into t values (1); select pg_switch_wal(); checkpoint").await.unwrap();
        }
        let after = seen(&registered).await;
        let behind = &after["slots"][0];
        assert_eq!(behind["wal_status"], "lost", "{behind:#}");
        assert!(behind["lag_bytes"].is_null(), "{behind:#}");
        assert_eq!(behind["invalidation_reason"].is_null(), major < 17, "{behind:#}");
        // a bucket in which the slot was lost still shows the last distance that was known
        eventually(SEEN_WITHIN, async || {
            registered.looks_again(COLLECTOR).await;
            let lines = registered.get("/replication/slots/history?bucket=2").await;
            let of_slot = |line: &&Value| line["slot_name"] == "behind";
            let newest = lines.as_array().unwrap().iter().rfind(of_slot).unwrap().clone();
            if newest["lag_bytes"].is_null() { Ok(()) } else { Err(newest) }
        })
        .await;
    }
}

#[tokio::test]
async fn a_role_that_cannot_see_standbys_gets_the_missing_grant() {
    let pair = start(NEWEST).await;
    let admin = pair.primary_server.client().await.unwrap();
    let name = text(&admin, "select rolname::text from pg_roles where rolname like 't0%'").await;
    admin.batch_execute(&format!("revoke pg_monitor from {name}")).await.unwrap();
    let now = seen(&pair.primary).await;
    assert_eq!(now["standbys"][0]["application_name"], "follower");
    assert!(now["standbys"][0]["replay_lag_bytes"].is_null() && now["slots"][0]["lag_bytes"].is_number());
    let line = pair.primary.collector(COLLECTOR).await;
    assert_eq!(
        (&line["state"], &line["fix"]),
        (&json!("ok"), &json!(format!("GRANT pg_monitor TO \"{name}\";")))
    );

    wait_until_replayed(&pair.primary_server, &pair.standby_server).await;
    let now = seen(&pair.standby).await;
    assert_eq!((&now["is_replica"], &now["upstream_host"]), (&json!(true), &json!(null)));
    assert!(now["replication_lag_bytes"].is_number(), "it needs no privilege");
    assert!(pair.standby.collector(COLLECTOR).await["fix"].as_str().unwrap().contains("GRANT"));
}

#[tokio::test]
async fn a_disabled_collector_sends_no_query() {
    let (_app, _server, _, registered) = watched(NEWEST, "", "select 1").await;
    let change = |on: bool| json!({"collect_replication": on});
    let path = format!("/databases/{}", registered.id);
    registered.client.patch(&path, &change(false), 200).await;
    let line = registered.collector(COLLECTOR).await;
    assert_eq!((&line["state"], &line["enabled"]), (&json!("disabled"), &json!(false)));
    assert!(line["next_run_at"].is_null(), "{line:#}");
    let url = format!("/databases/{}/replication", registered.id);
    let answer = registered.client.request(reqwest::Method::GET, &url).send().await.unwrap();
    assert!(answer.headers()["x-unavailable-reason"].to_str().unwrap().contains("disabled"));
    registered.client.patch(&path, &change(true), 200).await;
    eventually(SEEN_WITHIN, async || {
        let line = registered.collector(COLLECTOR).await;
        if line["state"] == "ok" { Ok(()) } else { Err(line) }
    })
    .await;
}
