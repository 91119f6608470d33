//! What a server's own lexer reads as a literal, ours does too.

use basira_actors::model::Engine;
use basira_actors::text::normalise;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tokio_postgres::Client;

use super::generate::{Generator, POSTGRES, Planted};
use super::statements;
use crate::harness::clickhouse;
use crate::harness::postgres::shared;
use crate::harness::{ClickHouseDatabase, TestDatabase};

/// Whatever begins, ends or escapes something in ClickHouse, and words between.
const PIECES: &[&str] = &[
    "'", "'", "''", "\\", "\\'", "\"", "`", "`a`", "\"b\"", "/*", "*/", "--", "//", "# ", "#!", "#", "\n",
    "\n", "$", "$$", "$a$", "x'", "b'", "x'4D'", "‘", "’", "“", "”", "−", "{", "}", "(", ")", ",", ".", "1",
    "1.", ".5", "1e", "0x", "_", "-", "e", "+", " ", " ", " ", ":", "::", "?", "@@", "\u{a0}", ";", "\\G",
    "é",
];

/// The statement as the statistics show it, when the server takes it.
async fn in_statistics(client: &Client, sql: &str) -> Option<String> {
    let reset = "rollback; select pg_stat_statements_reset(0, (select oid from pg_database where datname = current_database()), 0); begin";
    client.batch_execute(reset).await.unwrap();
    client.batch_execute(sql).await.ok()?;
    let shown = "select query from pg_stat_statements s join pg_database d on d.oid = s.dbid where datname = current_database() \
                 and query !~ 'pg_stat_statements|^begin|^rollback'";
    let rows = client.query(shown, &[]).await.ok()?;
    match &rows[..] {
        [row] => Some(row.get(0)),
        _ => None,
    }
}

/// Each secret that we show and the server does not.
fn leaks(engine: Engine, planted: &Planted, servers: &str) -> Vec<String> {
    let ours = normalise(engine, &planted.sql).text;
    let leaked = planted.secrets.iter().filter(|secret| !servers.contains(*secret) && ours.contains(*secret));
    leaked.map(|secret| format!("{secret} of {:?}\n{servers:?}\n{ours:?}", planted.sql)).collect()
}

async fn literals_are_those_of_the_server(major: u16) {
    let database = TestDatabase::create(shared(major).await).await;
    let client = database.client().await;
    client
        .batch_execute(
            "create extension if not exists pg_stat_statements; create table planted (a text, b int)",
        )
        .await
        .unwrap();
    let mut generator = Generator::new(&POSTGRES, u32::from(major) + 100);
    let mut compared = 0;
    for nth in 0..statements() * 2 {
        let mut planted = if nth % 2 == 0 { generator.statement(nth / 2) } else { generator.noise() };
        if nth % 2 == 1 {
            planted.sql = format!("select 'x', {}", planted.sql);
        }
        let ours = normalise(Engine::Postgres, &planted.sql).text;
        let leaked = planted.secrets.iter().find(|secret| ours.contains(*secret));
        assert!(leaked.is_none(), "{leaked:?} of {:?}\n{ours:?}", planted.sql);
        if let Some(servers) = in_statistics(&client, &planted.sql).await {
            compared += 1;
            let leaks = leaks(Engine::Postgres, &planted, &servers);
            assert!(leaks.is_empty(), "{}", leaks.join("\n"));
        }
    }
    assert!(compared > statements() / 8, "only {compared} were taken");
}

on_versions!(literals_are_those_of_the_server: on_14 = 14, on_18 = 18);

/// Pieces in any order with words between, of which only the server can tell which are literals.
fn pieces(random: &mut StdRng) -> Planted {
    let mut planted = Planted { sql: String::new(), secrets: Vec::new() };
    for nth in 0..random.random_range(2..16) {
        planted.sql.push_str(PIECES.choose(random).expect("a piece"));
        if random.random_ratio(2, 3) {
            let secret = format!("w{nth}w");
            planted.sql.push_str(&secret);
            planted.secrets.push(secret);
        }
    }
    planted
}

#[tokio::test]
async fn literals_are_those_of_clickhouse() {
    let database = ClickHouseDatabase::create(clickhouse::shared().await).await;
    let mut random = StdRng::seed_from_u64(7);
    let mut found = Vec::new();
    for _ in 0..statements().div_ceil(50) {
        let texts: Vec<Planted> = (0..200).map(|_| pieces(&mut random)).collect();
        let quoted =
            texts.iter().map(|text| format!("'{}'", text.sql.replace('\\', "\\\\").replace('\'', "\\'")));
        let list = quoted.collect::<Vec<_>>().join(", ");
        let rows =
            database.rows(&format!("SELECT normalizeQueryKeepNames(arrayJoin([{list}])) AS read")).await;
        assert_eq!(rows.len(), texts.len());
        for (text, row) in texts.iter().zip(&rows) {
            found.extend(leaks(Engine::Clickhouse, text, row["read"].as_str().unwrap()));
        }
    }
    assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found.join("\n"));
}
