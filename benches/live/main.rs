//! How long a snapshot takes to reach all of 5,000 WebSocket clients, beside warp and nothing else; and with `reload`,
//! whether anything is dropped while the configuration changes.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod bare;
mod clients;
mod files;
mod frames;
mod reload;
mod tally;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use basira_benches::process::{Memory, cpu_of, memory_of};
use basira_benches::{Basira, Failure, Helper, figure, median};
use tokio::time::{sleep, timeout};

use self::clients::{Clients, Endpoint};
use self::tally::{Publication, Tally};

const CLIENTS: usize = 5_000;
const ROUNDS: usize = 3;
/// Counted per round, after as many as it takes to settle.
const PUBLICATIONS: usize = 12;
const SETTLING: usize = 3;
const PUBLISHED_WITHIN: Duration = Duration::from_secs(60);

fn main() -> Result<(), Failure> {
    files::allow(2 * CLIENTS)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [role, bytes] if role == "bare" => runtime.block_on(bare::serve(bytes.parse()?)),
        [what, ..] if what == "reload" => runtime.block_on(reload::run()),
        _ => runtime.block_on(compare()),
    }
}

async fn compare() -> Result<(), Failure> {
    let server = watched::start().await?;
    let basira = Basira::start().await?;
    let id = basira.watch("bench", server.port()).await?;
    let ours = Arc::new(Endpoint {
        address: basira.address().to_owned(),
        path: format!("/api/v1/databases/{id}/active/ws?interval=1"),
        api_key: basira.api_key.clone(),
    });
    let bytes = frame_bytes(&ours).await?;
    let bare = Helper::in_role(&["bare", &bytes.to_string()]).await?;
    let floor =
        Arc::new(Endpoint { address: bare.first_line.clone(), path: "/".to_owned(), api_key: String::new() });
    let (mut floors, mut rounds) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floors.push(Round::run(&floor, bare.pid).await?);
        rounds.push(Round::run(&ours, basira.pid()).await?);
    }
    println!(
        "a snapshot of {bytes} bytes to {CLIENTS} clients, from the first that has it to the last; \
         medians of {ROUNDS} rounds of {PUBLICATIONS}"
    );
    println!(
        "{:<12}{:>14}{:>14}{:>14}{:>12}{:>12}",
        "", "last client", "slowest", "server CPU", "memory", "at most"
    );
    print_line("bare warp", &floors);
    print_line("Basira", &rounds);
    figure("live.last_client_ratio", last_client_ms(&rounds) / last_client_ms(&floors), "x");
    Ok(())
}

/// How long a snapshot is; asked by a single client.
async fn frame_bytes(endpoint: &Arc<Endpoint>) -> Result<usize, Failure> {
    let tally = Arc::new(Tally::default());
    let _client = Clients::connect(endpoint, 1, &tally).await?;
    let seen = published(&tally, 1, SETTLING).await?;
    Ok(seen.last().ok_or("nothing was published")?.bytes)
}

/// What one round with all clients came to.
struct Round {
    spreads_ms: Vec<f64>,
    cpu_ms: f64,
    memory: Memory,
}

impl Round {
    async fn run(endpoint: &Arc<Endpoint>, server: u32) -> Result<Self, Failure> {
        let tally = Arc::new(Tally::default());
        let _clients = Clients::connect(endpoint, CLIENTS, &tally).await?;
        let settled = published(&tally, CLIENTS, SETTLING).await?.len();
        let before = cpu_of(server)?;
        let seen = published(&tally, CLIENTS, settled + PUBLICATIONS).await?;
        let (cpu, counted) = (cpu_of(server)? - before, &seen[settled..]);
        Ok(Self {
            spreads_ms: counted.iter().map(|publication| ms(publication.spread())).collect(),
            cpu_ms: ms(cpu) / counted.len() as f64,
            memory: memory_of(server)?,
        })
    }
}

/// Waits until `count` publications have reached all `clients`.
async fn published(tally: &Tally, clients: usize, count: usize) -> Result<Vec<Publication>, Failure> {
    let waiting = async {
        while tally.complete(clients).len() < count && tally.losses() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let patient = timeout(PUBLISHED_WITHIN, waiting).await;
    let seen = tally.complete(clients);
    if patient.is_err() || tally.losses() > 0 {
        let (seen, lost) = (seen.len(), tally.losses());
        return Err(format!(
            "{seen} of {count} publications reached all {clients} clients; {lost} were lost"
        )
        .into());
    }
    Ok(seen)
}

fn print_line(name: &str, rounds: &[Round]) {
    let slowest = rounds.iter().flat_map(|round| &round.spreads_ms).copied().fold(0.0, f64::max);
    let cpu = median(rounds.iter().map(|round| round.cpu_ms));
    let memory = median(rounds.iter().map(|round| round.memory.resident_mb));
    let most = rounds.iter().map(|round| round.memory.peak_mb).fold(0.0, f64::max);
    let last = last_client_ms(rounds);
    println!("{name:<12}{last:>11.1} ms{slowest:>11.1} ms{cpu:>11.1} ms{memory:>9.1} MB{most:>9.1} MB");
}

fn last_client_ms(rounds: &[Round]) -> f64 {
    median(rounds.iter().flat_map(|round| round.spreads_ms.iter().copied()))
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
