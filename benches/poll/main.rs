//! What one full poll costs beside the bare queries: 5,000 statements on 1,000 tables, once a second, stored.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod bare;
#[path = "../common/mod.rs"]
mod common;
mod database;
mod meter;
mod ours;

use std::time::Duration;

use tokio::time::sleep;

use self::bare::Bare;
use self::common::process::memory_of;
use self::common::{Basira, Failure, Helper, figure, median};
use self::meter::Cost;
use self::ours::Ours;

const ROUNDS: usize = 5;
const POLLS: u32 = 12;
const SETTLED_AFTER: Duration = Duration::from_secs(20);

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, dsn] = &arguments[..]
        && role == "live"
    {
        return database::live(dsn).await;
    }
    costs().await?;
    memory().await
}

/// CPU time per poll of both, in turns.
async fn costs() -> Result<(), Failure> {
    let server = database::start().await?;
    let dsn = server.dsn();
    let _life = Helper::in_role(&["live", &dsn]).await?;
    let bare = Bare::connect(&dsn).await?;
    let mut ours = Ours::start(server.port(), database::STATEMENTS).await?;
    let (mut floor, mut cost, mut rows) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        floor.push(bare.cost(&dsn, POLLS).await?);
        let (ours, stored) = ours.cost(&dsn, POLLS).await?;
        cost.push(ours);
        rows = stored;
    }
    let (floor, cost) = (middle(&floor), middle(&cost));
    println!(
        "one poll of {} statements ({rows} changed) on PostgreSQL {}; medians of {ROUNDS} rounds of {POLLS} polls",
        database::STATEMENTS,
        server.major(),
    );
    println!("{:<32}{:>12}{:>14}", "", "client CPU", "backend CPU");
    for (name, [client, backend]) in [("bare queries, rows dropped", floor), ("Basira, stored", cost)] {
        println!("{name:<32}{client:>9.2} ms{backend:>11.2} ms");
    }
    figure("poll.client_cpu_ratio", cost[0] / floor[0], "x");
    figure("poll.backend_cpu_ratio", cost[1] / floor[1], "x");
    Ok(())
}

/// Client and backend, in ms.
fn middle(costs: &[Cost]) -> [f64; 2] {
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    [median(costs.iter().map(|cost| ms(cost.client))), median(costs.iter().map(|cost| ms(cost.backend)))]
}

/// The memory of the program with one database that does nothing.
async fn memory() -> Result<(), Failure> {
    let server = database::start_idle().await?;
    let basira = Basira::start().await?;
    basira.watch(server.port()).await?;
    sleep(SETTLED_AFTER).await;
    let memory = memory_of(basira.pid())?;
    println!("memory with one idle database: {:.1} MB, at most {:.1} MB", memory.resident_mb, memory.peak_mb);
    figure("poll.rss_mb", memory.resident_mb, "MB");
    Ok(())
}
