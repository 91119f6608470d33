//! What storing and reading samples costs, in our store and in others: a day of one database with 5,000 statements, of
//! which 500 change per poll; thirty days; 100 databases that append; and deltas of a real server.
//!
//! Without arguments it measures everything but the encodings; with the names of parts, these.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod clickhouse;
mod columns;
mod comparison;
mod day;
mod disk;
mod duckdb;
mod encodings;
mod month;
mod ours;
mod pace;
mod parquet_files;
mod peer;
mod real;
mod sqlite_rows;

use basira::samples::Resolution;
use basira_actors::model::Timestamp;
use basira_benches::{Failure, figure};

use self::clickhouse::ClickHouse;
use self::comparison::{Answers, hold_against};
use self::day::{DAY_MS, Day, HOUR_MS, HOURS, POLL_MS, POLLS_PER_HOUR};
use self::duckdb::DuckDb;
use self::ours::Ours;
use self::parquet_files::ParquetFile;
use self::peer::{Peer as _, Span, timed};
use self::sqlite_rows::SqliteRows;

const PARTS: [&str; 8] = ["store", "sqlite_rows", "parquet", "clickhouse", "duckdb", "month", "pace", "real"];
/// Sealing is judged as if so many databases were watched.
const DATABASES: f64 = 100.0;
/// Hours of the next day.
const MORNING_HOURS: i64 = 6;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    // cargo adds this one
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some(month::ROLE) => month::ask(&arguments[1..]).await,
        Some("encodings") => encodings::compare(),
        None => measure(&PARTS.map(str::to_owned)).await,
        Some(_) => measure(&arguments).await,
    }
}

async fn measure(parts: &[String]) -> Result<(), Failure> {
    // a day to come: nothing happens to it by itself, for a store that looks at the clock sees that it is not yet time
    let start = (Timestamp::now().as_millis().div_euclid(DAY_MS) + 2) * DAY_MS;
    let end = start + DAY_MS;
    let mut expected: Option<Answers> = None;
    for part in parts {
        println!("--- {part}");
        let expected_by_now = expected.as_ref();
        match part.as_str() {
            "store" => expected = Some(ours(start).await?),
            "sqlite_rows" => {
                hold_against(expected_by_now, Box::new(SqliteRows::start().await?), start).await?
            }
            "parquet" => hold_against(expected_by_now, Box::new(ParquetFile::start()?), start).await?,
            "clickhouse" => match std::env::var(clickhouse::URL) {
                Ok(url) => {
                    hold_against(expected_by_now, Box::new(ClickHouse::start(url).await?), start).await?
                }
                Err(_) => println!("left out: {} names no ClickHouse", clickhouse::URL),
            },
            "duckdb" => match DuckDb::start().await? {
                Some(duckdb) => hold_against(expected_by_now, Box::new(duckdb), start).await?,
                None => println!("left out: there is no Python with the module duckdb"),
            },
            "month" => month::measure(end).await?,
            "pace" => pace::measure().await?,
            "real" => real::measure(start).await?,
            other => return Err(format!("{other} is not one of {PARTS:?} or encodings").into()),
        }
    }
    Ok(())
}

/// The day in our store, and what else is asked of it.
async fn ours(start: i64) -> Result<Answers, Failure> {
    let directory = tempfile::tempdir()?;
    let mut ours = Ours::start(directory.path(), Day::new().all_series()).await?;
    let mut day = comparison::load(&mut ours, start).await?;
    let end = start + DAY_MS;
    println!("store: a file of {:.1} MB", ours.store.file_bytes()? as f64 / 1e6);
    let upkeep_of_an_hour_s = ours.upkeep_s / HOURS as f64;
    figure("store.seal_core_pct", upkeep_of_an_hour_s * DATABASES * 1e5 / HOUR_MS as f64, "%");
    for (resolution, name) in [(Resolution::Minute, "1m"), (Resolution::Hour, "1h")] {
        if let Some((rows, bytes)) = ours.store.held(resolution).await? {
            println!("store: {rows} rows by {}", resolution.as_str());
            figure(&format!("store.rollup_{name}_mb"), bytes as f64 / 1e6, "MB");
        }
    }
    let answers = comparison::ask(&ours, &day, end).await?;

    // the next morning: whole hours that no roll-up has yet, and then half an hour that is not even sealed
    let morning = end + MORNING_HOURS * HOUR_MS;
    for hour in 0..MORNING_HOURS {
        ours.load(&day.hour(end + hour * HOUR_MS)).await?;
    }
    rankings(&ours, morning, "across_days").await?;
    for poll in 1..=POLLS_PER_HOUR as i64 / 2 {
        let poll = day.poll(morning + poll * POLL_MS);
        ours.store.append(ours.scope, poll.record()).await?;
    }
    rankings(&ours, morning + HOUR_MS / 2, "unaligned").await?;
    ours.store.close().await?;
    Ok(answers)
}

/// Rankings of the hour and the 24 hours before `now`.
async fn rankings(ours: &Ours, now: i64, kind: &str) -> Result<(), Failure> {
    for hours in [1, 24] {
        let span = Span { since: now - hours * HOUR_MS, until: now };
        let (_, top_ms) = timed(async || ours.top(span).await).await?;
        figure(&format!("store.top25_{hours}h_{kind}_ms"), top_ms, "ms");
    }
    Ok(())
}
