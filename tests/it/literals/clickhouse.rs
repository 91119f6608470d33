//! Sent to ClickHouse, and seen in its processes, its query log, its errors and its mutations.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::generate::{CLICKHOUSE, Generator};
use super::outputs::{assert_clean, stores_text};
use super::statements;
use crate::harness::clickhouse::shared;
use crate::harness::{ClickHouseDatabase, Organization, TestApp};

/// As many run at once while others look.
const SLOW: usize = 5;
/// Some ask for servers that are not there.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test]
async fn no_literal_of_clickhouse_is_stored() {
    let app = TestApp::start_with(&[("LOG__LEVEL", "debug")]).await;
    let organization = Organization::verified(&app, "literals").await;
    let database = ClickHouseDatabase::create(shared().await).await;
    database.run("CREATE TABLE planted (a String, b String) ENGINE = MergeTree ORDER BY a").await;
    database.run("INSERT INTO planted VALUES ('a', 'b')").await;
    let registered = organization.register_as(&database.registration()).await;
    registered.status_becomes("connected", Duration::from_secs(15)).await;

    let mut generator = Generator::new(&CLICKHOUSE, 26);
    let slow: Vec<String> = (0..SLOW)
        .map(|_| generator.filled("SELECT sleep(3), @~, `a\\`'`~FROM (SELECT @ AS `a\\`'`)").sql)
        .collect();
    let slow = join_all(slow.iter().map(|sql| database.ask_in(&database.name, sql)));
    let mut fast = async || {
        for nth in 0..statements() {
            // a broken one is logged like any other
            let sql = generator.statement(nth).sql;
            timeout(ANSWERED_WITHIN, database.ask_in(&database.name, &sql)).await.ok();
        }
    };
    tokio::join!(slow, fast());
    database.run("SELECT a AS the_last_planted FROM planted").await;
    database.run("SYSTEM FLUSH LOGS").await;
    stores_text(&app, "the_last_planted").await;
    assert_clean(&app, &registered).await;
}
