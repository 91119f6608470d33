//! What one full collection costs beside the bare queries and beside exporters: 5,000 statements, 1,000 tables, 2,000
//! indexes. And what it costs a ClickHouse.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod bare;
mod clickhouse;
mod database;
mod family;
mod health;
mod meter;
mod ours;
mod peers;

use std::time::Duration;

use basira_benches::process::memory_of;
use basira_benches::{Basira, Failure, Helper, figure, median};
use basira_test_support::PostgresServer;
use tokio::time::sleep;

use self::bare::Bare;
use self::family::parent_of;
use self::meter::Cost;
use self::ours::Ours;
use self::peers::Peer;

const ROUNDS: usize = 5;
const POLLS: u32 = 12;
const SCRAPES: u32 = 8;
/// How long every collector runs at its own pace; the slowest common rhythm is five minutes.
const AT_ITS_PACE: Duration = Duration::from_secs(300);
const PER_POLL: u32 = 30;
const SETTLED_AFTER: Duration = Duration::from_secs(20);
const FURTHER_DATABASES: u32 = 5;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, dsn] = &arguments[..]
        && role == "live"
    {
        return database::live(dsn).await;
    }
    if arguments.iter().any(|argument| argument == "clickhouse") {
        return clickhouse::costs_of_watching().await;
    }
    let server = database::start().await?;
    let life = Helper::in_role(&["live", &server.dsn()]).await?;
    if arguments.iter().any(|argument| argument == "health") {
        return health::costs_of_examining(server.port()).await;
    }
    costs(&server).await?;
    health::costs_of_examining(server.port()).await?;
    memory(&server).await?;
    drop(life);
    peers(&server).await?;
    idle_memory().await?;
    clickhouse::costs_of_watching().await
}

/// CPU time per collection of both, in turns.
async fn costs(server: &PostgresServer) -> Result<(), Failure> {
    let dsn = server.dsn();
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
    let paced = middle(&[ours.cost_of(&dsn, AT_ITS_PACE).await?.per(PER_POLL)]);
    println!(
        "one collection of {} statements ({rows} changed) on PostgreSQL {}; medians of {ROUNDS} rounds of {POLLS}",
        database::STATEMENTS,
        server.major(),
    );
    println!("{:<40}{:>12}{:>14}", "", "client CPU", "backend CPU");
    for (name, [client, backend]) in [
        ("bare queries, rows dropped", floor),
        ("Basira, stored", cost),
        ("Basira, all collectors, per 10 s", paced),
    ] {
        println!("{name:<40}{client:>9.2} ms{backend:>11.2} ms");
    }
    figure("poll.client_cpu_ratio", cost[0] / floor[0], "x");
    figure("poll.backend_cpu_ratio", cost[1] / floor[1], "x");
    figure("poll.paced_client_ms", paced[0], "ms");
    figure("poll.paced_backend_ms", paced[1], "ms");
    Ok(())
}

/// Client and backend, in ms.
fn middle(costs: &[Cost]) -> [f64; 2] {
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    [median(costs.iter().map(|cost| ms(cost.client))), median(costs.iter().map(|cost| ms(cost.backend)))]
}

/// What exporters take for one full collection of the same server, while nothing else happens there.
async fn peers(server: &PostgresServer) -> Result<(), Failure> {
    let backend: i32 = server.client().await?.query_one("select pg_backend_pid()", &[]).await?.get(0);
    let postmaster = parent_of(backend.unsigned_abs())?;
    println!(
        "{:<24}{:>12}{:>14}{:>12}{:>14}{:>12}",
        "", "client CPU", "backend CPU", "wall", "output", "peak RSS"
    );
    for peer in Peer::start_all(server.port()).await? {
        let scrape = peer.cost(postmaster, SCRAPES).await?;
        let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
        println!(
            "{:<24}{:>9.1} ms{:>11.1} ms{:>9.0} ms{:>11} KB{:>9.1} MB",
            peer.name,
            ms(scrape.client),
            ms(scrape.backend),
            ms(scrape.wall),
            scrape.bytes_out / 1000,
            scrape.peak_mb,
        );
    }
    Ok(())
}

/// The memory of the program that watches the busy server, and of each further registration of it.
async fn memory(server: &PostgresServer) -> Result<(), Failure> {
    let basira = Basira::start().await?;
    basira.watch("first", server.port()).await?;
    sleep(SETTLED_AFTER * 3).await;
    let one = memory_of(basira.pid())?.resident_mb;
    for number in 0..FURTHER_DATABASES {
        basira.watch(&format!("further {number}"), server.port()).await?;
    }
    sleep(SETTLED_AFTER * 3).await;
    let all = memory_of(basira.pid())?.resident_mb;
    let further = (all - one) / f64::from(FURTHER_DATABASES);
    println!("memory with one busy database: {one:.1} MB; with {FURTHER_DATABASES} more: {all:.1} MB");
    figure("poll.busy_rss_mb", one, "MB");
    figure("poll.further_database_mb", further, "MB");
    Ok(())
}

/// The memory of the program with one database that does nothing.
async fn idle_memory() -> Result<(), Failure> {
    let server = database::start_idle().await?;
    let basira = Basira::start().await?;
    basira.watch("idle", server.port()).await?;
    sleep(SETTLED_AFTER).await;
    let memory = memory_of(basira.pid())?;
    println!("memory with one idle database: {:.1} MB, at most {:.1} MB", memory.resident_mb, memory.peak_mb);
    figure("poll.rss_mb", memory.resident_mb, "MB");
    Ok(())
}
