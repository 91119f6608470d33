//! A PostgreSQL with a few hundred different statements, from the kinds that applications have: some run all the time,
//! most now and then; they read and write one row or many, from memory and from disk.

use basira_test_support::{Distribution, Options, PostgresServer, connect};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;
use tokio_postgres::Client;

use basira_benches::Failure;

const MAJOR: u16 = 17;
const TABLES: usize = 60;
const SHAPES: usize = 10;
const CLIENTS: u64 = 6;
/// Rows of a table; all of them together are about as large as the buffers.
const ROWS: i32 = 8_000;

const SETTINGS: &str = "
shared_buffers = 128MB
track_io_timing = on
autovacuum_naptime = 15s
pg_stat_statements.max = 5000
pg_stat_statements.track = top
";

/// The server with its clients at work; dropping them sends them home.
pub(super) async fn open() -> Result<(PostgresServer, JoinSet<()>), Failure> {
    let distribution = tokio::task::spawn_blocking(|| Distribution::fetch(Some(MAJOR))).await??;
    let options = Options { settings: SETTINGS.to_owned(), ..Options::default() };
    let server = PostgresServer::start(&distribution, options).await?;
    let client = server.client().await?;
    for table in 0..TABLES {
        client.batch_execute(&schema(table)).await?;
    }
    client.batch_execute("analyze; checkpoint; select pg_stat_statements_reset()").await?;
    let mut clients = JoinSet::new();
    for seed in 0..CLIENTS {
        let client = connect(&server.dsn()).await?;
        clients.spawn(async move {
            // an error ends this client; the others go on
            live(client, StdRng::seed_from_u64(seed)).await.ok();
        });
    }
    Ok((server, clients))
}

fn schema(table: usize) -> String {
    format!(
        "create table item_{table} (id int primary key, kind int not null, price int not null, note text);
         insert into item_{table} select i, i % 97, i * 7 % 1000, repeat(md5(i::text), 4)
             from generate_series(1, {ROWS}) as i;
         create index on item_{table} (kind);
         create table sale_{table} (id bigserial primary key, item int not null, amount int not null);
         create index on sale_{table} (item)"
    )
}

async fn live(client: Client, mut random: StdRng) -> Result<(), tokio_postgres::Error> {
    loop {
        let number = heavy_tailed(&mut random);
        let statement = statement(number, &mut random);
        client.batch_execute(&statement).await?;
    }
}

/// Few statements come often, most of them now and then: by 1/rank.
fn heavy_tailed(random: &mut StdRng) -> usize {
    let last = (TABLES * SHAPES) as f64;
    (last.powf(random.random::<f64>()) - 1.0) as usize
}

/// Statement `number`, for a random customer. Neighbours differ in shape and table.
fn statement(number: usize, random: &mut StdRng) -> String {
    let (table, shape) = (number % TABLES, (number + number / TABLES) % SHAPES);
    let (item, kind) = (random.random_range(1..=ROWS), random.random_range(0..97));
    let amount = random.random_range(1..9);
    match shape {
        0 | 1 => format!("select id, price, note from item_{table} where id = {item}"),
        2 => format!("select id, price from item_{table} where kind = {kind} order by price limit 20"),
        3 => format!("update item_{table} set price = price + {amount} where id = {item}"),
        4 => format!("insert into sale_{table} (item, amount) values ({item}, {amount}) returning id"),
        5 => format!("select count(*), sum(amount) from sale_{table} where item = {item}"),
        6 => format!(
            "select kind, avg(price) from item_{table} where id between {item} and {item} + 300 group by kind"
        ),
        7 => format!(
            "delete from sale_{table} where id in (select id from sale_{table} order by id limit {amount})"
        ),
        8 => format!(
            "select i.id, count(s.id) from item_{table} i left join sale_{table} s on s.item = i.id
             where i.kind = {kind} group by i.id"
        ),
        _ => format!("select note from item_{table} where id in ({item}, {item} + 5, {item} + 9)"),
    }
}
