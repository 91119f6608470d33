//! Reloads under load: what fails, what closes and which polls are missed while the configuration changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use basira_benches::basira::answer;
use basira_benches::{Basira, Failure, figure, median};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::clients::{Clients, Endpoint};
use super::tally::Tally;
use super::watched;

const DATABASES: usize = 20;
const STREAMS_EACH: usize = 10;
const REQUESTS_PER_SECOND: u32 = 500;
const ASKING: u32 = 10;
const RELOADS: usize = 50;
const PAUSE: Duration = Duration::from_millis(400);
const POLL: Duration = Duration::from_secs(1);

/// How the requests went.
#[derive(Default)]
struct Asked {
    good: AtomicU64,
    failed: AtomicU64,
    /// Microseconds.
    slowest: AtomicU64,
}

pub(crate) async fn run() -> Result<(), Failure> {
    let server = watched::start().await?;
    let basira = Basira::start().await?;
    let mut databases = Vec::new();
    for number in 0..DATABASES {
        databases.push(basira.register(&registration(number, server.port())).await?);
    }
    let tally = Arc::new(Tally::default());
    let mut streams = Vec::new();
    for id in &databases {
        let path = format!("/api/v1/databases/{id}/active/ws?interval=1");
        let endpoint =
            Endpoint { address: basira.address().to_owned(), path, api_key: basira.api_key.clone() };
        streams.push(Clients::connect(&Arc::new(endpoint), STREAMS_EACH, &tally).await?);
    }
    sleep(5 * POLL).await;
    let (asked, mut asking) = (Arc::new(Asked::default()), JoinSet::new());
    for asker in 0..ASKING {
        let database = databases[asker as usize % DATABASES].clone();
        asking.spawn(ask(basira.clone(), database, Arc::clone(&asked)));
    }
    let (started, before) = (Instant::now(), polls(&basira, &databases).await?);
    let mut took_ms = Vec::new();
    for round in 0..RELOADS {
        let began = Instant::now();
        let answer = reload(&basira, &configuration(round)).await?;
        if answer.is_success() == is_bad(round) {
            return Err(format!("reload {round} was answered by {answer}").into());
        }
        took_ms.push(began.elapsed().as_secs_f64() * 1e3);
        sleep(PAUSE).await;
    }
    let after = polls(&basira, &databases).await?;
    let span = started.elapsed();
    asking.abort_all();
    let due = (span.as_secs_f64() / POLL.as_secs_f64()).floor() - 1.0;
    let missed: f64 =
        before.iter().zip(&after).map(|(before, after)| (due - (after.0 - before.0)).max(0.0)).sum();
    let failed_polls: f64 = before.iter().zip(&after).map(|(before, after)| after.1 - before.1).sum();
    let good = asked.good.load(Ordering::Relaxed) as f64;
    println!(
        "{RELOADS} reloads, half of them bad, within {:.1} s; {DATABASES} databases polled each second, {} streams",
        span.as_secs_f64(),
        DATABASES * STREAMS_EACH,
    );
    figure("reload.requests_per_second", good / span.as_secs_f64(), "/s");
    figure("reload.failed_requests", asked.failed.load(Ordering::Relaxed) as f64, "");
    figure("reload.slowest_request", asked.slowest.load(Ordering::Relaxed) as f64 / 1e3, "ms");
    figure("reload.closed_streams", tally.losses() as f64, "");
    figure("reload.missed_polls", missed, "");
    figure("reload.failed_polls", failed_polls, "");
    figure("reload.median", median(took_ms), "ms");
    Ok(())
}

fn registration(number: usize, port: u16) -> Value {
    json!({
        "name": format!("bench {number}"), "engine": "postgres", "host": "127.0.0.1", "port": port,
        "database": "postgres", "username": "postgres", "password": "", "tls": "disable",
        "poll_interval_seconds": POLL.as_secs(),
    })
}

const fn is_bad(round: usize) -> bool {
    round % 2 == 1
}

/// Something of everything that can be reloaded, or something bad.
fn configuration(round: usize) -> String {
    let step = round / 2 % 2;
    let bad = if is_bad(round) { "nonsense = true\n" } else { "" };
    format!(
        "{bad}[log]\nlevel = '{}'\n[auth]\nsignup = '{}'\n[samples.retention]\nraw_hours = {}\n\
        [collect]\nmax_connects = {}\nconnect_timeout_ms = {}\n[health.rules.connections.saturation]\nthreshold = {}\n",
        ["info", "warn"][step],
        ["open", "closed"][step],
        48 - step,
        8 + step,
        5_000 + step,
        80 + step,
    )
}

async fn ask(basira: Basira, database: String, asked: Arc<Asked>) {
    let mut ticks = interval(Duration::from_secs(1) * ASKING / REQUESTS_PER_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        ticks.tick().await;
        let began = Instant::now();
        let counter = match get(&basira, &format!("/databases/{database}/health")).await {
            Ok(_) => &asked.good,
            Err(_) => &asked.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        asked.slowest.fetch_max(took, Ordering::Relaxed);
    }
}

/// Runs and failures of the base collector of each database.
async fn polls(basira: &Basira, databases: &[String]) -> Result<Vec<(f64, f64)>, Failure> {
    let mut polls = Vec::new();
    for id in databases {
        let collectors = get(basira, &format!("/databases/{id}/collectors")).await?;
        let lines = collectors.as_array().ok_or("no collectors")?;
        let line =
            lines.iter().find(|line| line["name"] == "pg_stat_user_tables").ok_or("no such collector")?;
        let count = |name: &str| line[name].as_f64().unwrap_or(f64::NAN);
        polls.push((count("runs"), count("failures")));
    }
    Ok(polls)
}

/// What `path` answers to the key.
async fn get(basira: &Basira, path: &str) -> Result<Value, Failure> {
    answer(basira.http.get(basira.api(path)).header("X-API-Key", &basira.api_key)).await
}

/// Writes `configuration` to its file and has it read again; returns the status of the answer.
async fn reload(basira: &Basira, configuration: &str) -> Result<StatusCode, Failure> {
    let folder = basira.helper.directory.join("config");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("basira.toml"), configuration)?;
    let request = basira.http.post(basira.api("/admin/config/reload")).bearer_auth(&basira.access_token);
    Ok(request.send().await?.status())
}
