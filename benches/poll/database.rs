//! The database that is polled: 1,000 tables, 5,000 statements, 70 sessions, and a life of its own.

use std::time::Duration;

use basira_test_support::{Distribution, Options, PostgresServer, connect};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_postgres::Client;

use basira_benches::Failure;

const TABLES: usize = 1_000;
const SHAPES: usize = 5;
pub(crate) const STATEMENTS: usize = TABLES * SHAPES;
/// Distinct statements executed in each second.
pub(crate) const CHANGES: usize = 500;
const IDLE_SESSIONS: usize = 50;
const ACTIVE_SESSIONS: usize = 20;
const MAJOR: u16 = 16;

const SETTINGS: &str = "
max_connections = 200
shared_buffers = 256MB
autovacuum = off
track_activity_query_size = 4096
pg_stat_statements.max = 10000
pg_stat_statements.track = top
";

/// Each table has two indexes, one of them its primary key's.
const SCHEMA: &str = "
do $$ begin
    for n in 0..999 loop
        execute format('create table item_%s (id int primary key, amount int not null, note text)', n);
        execute format('create index on item_%s (amount)', n);
        execute format('insert into item_%s select i, i, ''note '' || i from generate_series(1, 20) as i', n);
    end loop;
end $$;
select pg_stat_statements_reset();
";

/// A server with the tables.
pub(crate) async fn start() -> Result<PostgresServer, Failure> {
    let distribution = tokio::task::spawn_blocking(|| Distribution::fetch(Some(MAJOR))).await??;
    let options = Options { settings: SETTINGS.to_owned(), ..Options::default() };
    let server = PostgresServer::start(&distribution, options).await?;
    server.client().await?.batch_execute(SCHEMA).await?;
    Ok(server)
}

/// A server with nothing in it and nothing to do.
pub(crate) async fn start_idle() -> Result<PostgresServer, Failure> {
    let distribution = tokio::task::spawn_blocking(|| Distribution::fetch(Some(MAJOR))).await??;
    Ok(PostgresServer::start(&distribution, Options::default()).await?)
}

/// Executes every statement once, says so, and then some of them every second until it is killed.
pub(crate) async fn live(dsn: &str) -> Result<(), Failure> {
    let client = connect(dsn).await?;
    for number in 0..STATEMENTS {
        client.batch_execute(&statement(number)).await?;
    }
    let _sessions = open_sessions(dsn).await?;
    println!("ready");
    let mut random = StdRng::seed_from_u64(7);
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        second.tick().await;
        let mut executed = vec![false; STATEMENTS];
        while executed.iter().filter(|executed| **executed).count() < CHANGES {
            let number = heavy_tailed(&mut random);
            executed[number] = true;
            client.batch_execute(&statement(number)).await?;
        }
    }
}

/// Few statements come often, most of them now and then.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 5,000")]
fn heavy_tailed(random: &mut StdRng) -> usize {
    let uniform: f64 = random.random();
    (uniform * uniform * STATEMENTS as f64) as usize
}

fn statement(number: usize) -> String {
    let table = format!("item_{}", number / SHAPES);
    match number % SHAPES {
        0 => format!("select id, amount, note from {table} where id = 7"),
        1 => format!("select count(*), sum(amount) from {table} where amount between 5 and 15"),
        2 => format!("update {table} set amount = amount + 1 where id = 3"),
        3 => {
            format!("select a.id, b.note from {table} a join {table} b using (id) order by b.amount limit 5")
        }
        _ => format!("insert into {table} values (1, 1, 'again') on conflict (id) do nothing"),
    }
}

async fn open_sessions(dsn: &str) -> Result<Vec<Client>, Failure> {
    let mut idle = Vec::new();
    for _ in 0..IDLE_SESSIONS {
        idle.push(connect(dsn).await?);
    }
    for _ in 0..ACTIVE_SESSIONS {
        let client = connect(dsn).await?;
        tokio::spawn(async move { client.batch_execute("select pg_sleep(86400)").await });
    }
    sleep(Duration::from_millis(500)).await;
    Ok(idle)
}
