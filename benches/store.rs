//! What storing and reading samples costs: a day of one database with 5,000 statements, 500 of which change per poll.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::{Duration, Instant};

use basira::samples::{Retention, SampleKeeping, SampleStore, Scope, SegmentStore, Wanted, Window};
use basira_actors::model::streams::STATEMENTS;
use basira_actors::model::{Batch, DatabaseId, Entry, OrganizationId, Record, Timestamp};
use basira_actors::ports::SampleSink;
use basira_migrations::Migrator;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use sea_orm_migration::MigratorTrait;

type Failure = Box<dyn std::error::Error>;

const STATEMENTS_IN_ALL: usize = 5_000;
const CHANGED_PER_POLL: usize = 500;
const POLL_MS: i64 = 10_000;
const HOUR_MS: i64 = 3_600_000;
const HOURS: i64 = 24;
const START: i64 = 1_764_000_000_000 / HOUR_MS * HOUR_MS;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("samples.db");
    let writer = connect(&file, 1).await?;
    let reader = connect(&file, 4).await?;
    Migrator::up(&writer, None).await?;
    let store = SegmentStore::new(writer, reader.clone(), Retention::default());
    let scope = Scope { organization: OrganizationId::generate(), database: DatabaseId::generate() };
    let mut random = StdRng::seed_from_u64(7);
    let series = register(&store, scope, &mut random).await?;

    let (mut append_cpu, mut append_wall, mut seal_cpu) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut tail_ms = 0.0;
    for hour in 0..HOURS {
        for poll in 0..HOUR_MS / POLL_MS {
            let record = poll_record(&mut random, &series, START + hour * HOUR_MS + poll * POLL_MS);
            let mut batch = Batch::new(scope.organization, scope.database);
            batch.records.push(record);
            let (cpu, wall) = (cpu_time()?, Instant::now());
            store.append(batch).await?;
            append_cpu += cpu_time()? - cpu;
            append_wall += wall.elapsed();
        }
        if hour == HOURS - 1 {
            tail_ms = totals_ms(&store, scope, START + hour * HOUR_MS, START + HOURS * HOUR_MS).await?;
        }
        let cpu = cpu_time()?;
        store.seal(Timestamp::now()).await?;
        seal_cpu += cpu_time()? - cpu;
    }

    let polls = (HOURS * HOUR_MS / POLL_MS) as f64;
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    let end = START + HOURS * HOUR_MS;
    let whole_ms = totals_ms(&store, scope, end - HOUR_MS, end).await?;
    let edge_ms = totals_ms(&store, scope, end - HOUR_MS * 3 / 2, end - HOUR_MS / 2).await?;
    let day_ms = totals_ms(&store, scope, START, end).await?;
    let started = Instant::now();
    let day = Window { since: Timestamp(START), until: Timestamp(end) };
    store.points(scope, &STATEMENTS, series[0], day, 60_000).await?;
    let points_ms = ms(started.elapsed());
    let bytes_per_row = bytes_per_row(&reader).await?;
    store.close().await;
    let file_bytes_per_row = std::fs::metadata(&file)?.len() as f64 / (polls * CHANGED_PER_POLL as f64);

    println!(
        "{HOURS} h of polls of {CHANGED_PER_POLL} rows x {} columns, on SQLite",
        STATEMENTS.columns.len()
    );
    println!("append one poll, CPU                        {:>8.3} ms", ms(append_cpu) / polls);
    println!("append one poll, elapsed                    {:>8.3} ms", ms(append_wall) / polls);
    println!("seal one hour, CPU                          {:>8.1} ms", ms(seal_cpu) / HOURS as f64);
    println!("sealed, per row                             {bytes_per_row:>8.2} bytes");
    println!("the whole file, per row                     {file_bytes_per_row:>8.2} bytes");
    println!("totals, 1 h, all of it in the tail          {tail_ms:>8.1} ms");
    println!("totals, 1 h, a whole segment                {whole_ms:>8.1} ms");
    println!("totals, 1 h, halves of two segments         {edge_ms:>8.1} ms");
    println!("totals, 24 h, sealed                        {day_ms:>8.1} ms");
    println!("the busiest statement by minute, 24 h       {points_ms:>8.1} ms");
    println!("figure store.append_cpu_ms {:.3} ms", ms(append_cpu) / polls);
    println!("figure store.bytes_per_row {bytes_per_row:.2} bytes");
    println!("figure store.totals_1h_ms {tail_ms:.1} ms");
    Ok(())
}

async fn connect(file: &std::path::Path, connections: u32) -> Result<DatabaseConnection, Failure> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
    options.max_connections(connections).sqlx_logging(false);
    let connection = Database::connect(options).await?;
    connection.execute_unprepared("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL").await?;
    Ok(connection)
}

/// Enters every statement as a group of its own; the busiest first.
async fn register(store: &SegmentStore, scope: Scope, random: &mut StdRng) -> Result<Vec<u64>, Failure> {
    let series: Vec<u64> = (0..STATEMENTS_IN_ALL).map(|_| random.random()).collect();
    let mut batch = Batch::new(scope.organization, scope.database);
    for &series in &series {
        batch.entries.push(Entry {
            stream: &STATEMENTS,
            series,
            group: series,
            labels: serde_json::Map::new(),
        });
    }
    store.append(batch).await?;
    Ok(series)
}

/// A heavy-tailed poll: few statements run all the time, most now and then.
fn poll_record(random: &mut StdRng, series: &[u64], from: i64) -> Record {
    let mut ranks = std::collections::BTreeMap::new();
    while ranks.len() < CHANGED_PER_POLL {
        let rank = (series.len() as f64 * random.random::<f64>().powi(3)) as usize;
        ranks.insert(series[rank], rank);
    }
    let mut columns = vec![Vec::with_capacity(CHANGED_PER_POLL); STATEMENTS.columns.len()];
    for rank in ranks.values() {
        let row = row(random, *rank);
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    let (from, at) = (Timestamp(from), Timestamp(from + POLL_MS));
    Record { stream: &STATEMENTS, from, at, series: ranks.into_keys().collect(), columns }
}

/// What a statement of this rank did in one poll.
fn row(random: &mut StdRng, rank: usize) -> [i64; 23] {
    let calls = 1 + (20_000.0 * random.random::<f64>() / (rank + 1) as f64) as i64;
    let mean_us = 20 + (rank as i64 * 7_919) % 5_000;
    let time_us = calls * mean_us + random.random_range(0..calls * mean_us);
    let rows = calls * (1 + rank as i64 % 7);
    let hit = calls * (2 + rank as i64 % 40);
    let read = if rank.is_multiple_of(5) { random.random_range(0..=hit / 20) } else { 0 };
    let wal = if rank.is_multiple_of(3) { calls } else { 0 };
    let mut row = [0; 23];
    row[..5].copy_from_slice(&[calls, time_us, rows, hit, read]);
    row[5] = wal / 2;
    row[11] = read * 90 + random.random_range(0..=read);
    row[13..16].copy_from_slice(&[wal, wal / 50, wal * 140 + random.random_range(0..=wal)]);
    row[20..].copy_from_slice(&[mean_us / 3, mean_us * 40, mean_us / 2 + random.random_range(0..10)]);
    row
}

/// The middle of five.
async fn totals_ms(store: &SegmentStore, scope: Scope, since: i64, until: i64) -> Result<f64, Failure> {
    let window = Window { since: Timestamp(since), until: Timestamp(until) };
    let mut times = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        store.totals(scope, &STATEMENTS, window, &Wanted::ALL).await?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[2])
}

async fn bytes_per_row(reader: &DatabaseConnection) -> Result<f64, Failure> {
    let sql = "SELECT SUM(size_bytes) AS bytes, SUM(row_count) AS row_count FROM sample_segment";
    let statement = sea_orm::Statement::from_string(reader.get_database_backend(), sql);
    let row = reader.query_one_raw(statement).await?.ok_or("nothing is sealed")?;
    let (bytes, rows): (i64, i64) = (row.try_get("", "bytes")?, row.try_get("", "row_count")?);
    Ok(bytes as f64 / rows as f64)
}

/// What all threads of this process have used, to the nanosecond where the kernel says so.
fn cpu_time() -> Result<Duration, Failure> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
        nanoseconds += text.split(' ').next().ok_or("schedstat is empty")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}
