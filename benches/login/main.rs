//! Whether a login tells if an address is known, and what 50 logins at once do to the polls of a database.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::{Duration, Instant};

use basira_test_support::{Distribution, Options, PostgresServer};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use basira_benches::{Basira, Failure, figure, median};

const MAJOR: u16 = 16;
/// Of each kind, in turns.
const LOGINS: usize = 60;
const AT_ONCE: usize = 50;
/// How many polls, a second apart, tell what is usual.
const POLLS: usize = 20;
/// One that is later than this counts as missed.
const POLLED_WITHIN: Duration = Duration::from_secs(30);

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // all guesses come from one address
    let basira = Basira::start_with(&[("BASIRA__LIMITS__AUTH__LOGIN_FAILURES_PER_HOUR", "0")]).await?;
    tell_apart(&basira).await?;
    delay_polls(&basira).await
}

/// The median of refused logins for the address of an account and for others, and how far they are apart.
async fn tell_apart(basira: &Basira) -> Result<(), Failure> {
    let http = Client::new();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for turn in 0..LOGINS {
        known.push(log_in(basira, &http, "bench@basira.example", "not the password", 401).await?);
        let stranger = format!("nobody-{turn}@basira.example");
        unknown.push(log_in(basira, &http, &stranger, "not the password", 401).await?);
    }
    let (known, unknown) = (median(known), median(unknown));
    println!("{LOGINS} refused logins each, in turns");
    figure("login.known_ms", known, "ms");
    figure("login.unknown_ms", unknown, "ms");
    figure("login.apart_pct", (known / unknown - 1.0).abs() * 100.0, "%");
    Ok(())
}

/// How late the latest poll is while 50 people log in, beside how late one is when nobody does.
async fn delay_polls(basira: &Basira) -> Result<(), Failure> {
    let distribution = tokio::task::spawn_blocking(|| Distribution::fetch(Some(MAJOR))).await??;
    let server = PostgresServer::start(&distribution, Options::default()).await?;
    let id = basira.watch("bench", server.port()).await?;
    let mut stream = open(basira, &id).await?;
    for _ in 0..3 {
        polled_at(&mut stream).await?;
    }
    let quiet = gaps(&mut stream, POLLS, || false).await?;
    let usual = median(quiet.iter().copied());

    let http = Client::new();
    let started = Instant::now();
    let logins =
        (0..AT_ONCE).map(|_| log_in(basira, &http, "bench@basira.example", "only-for-the-bench", 200));
    let logins = join_all(logins);
    let done = std::sync::atomic::AtomicBool::new(false);
    let (answers, busy) = tokio::join!(
        async {
            let answers = logins.await;
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            (answers, started.elapsed())
        },
        gaps(&mut stream, usize::MAX, || done.load(std::sync::atomic::Ordering::Relaxed)),
    );
    let (answers, took) = answers;
    answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    println!("{AT_ONCE} logins at once took {:.1} s; polls are {usual:.0} ms apart", took.as_secs_f64());
    let latest = |gaps: &[f64]| gaps.iter().copied().fold(0.0, f64::max) - usual;
    figure("login.poll_delay_quiet_ms", latest(&quiet), "ms");
    figure("login.poll_delay_busy_ms", latest(&busy?), "ms");
    Ok(())
}

/// Milliseconds until the answer, which must have `status`.
async fn log_in(
    basira: &Basira,
    http: &Client,
    email: &str,
    password: &str,
    status: u16,
) -> Result<f64, Failure> {
    let body = json!({"email": email, "password": password});
    let started = Instant::now();
    let answer = http.post(basira.api("/auth/login")).json(&body).send().await?;
    let took = started.elapsed();
    if answer.status() != status {
        return Err(format!("a login was answered {}: {}", answer.status(), answer.text().await?).into());
    }
    Ok(took.as_secs_f64() * 1_000.0)
}

async fn open(basira: &Basira, id: &str) -> Result<Stream, Failure> {
    let url = format!("ws://{}/api/v1/databases/{id}/active/ws?interval=1", basira.address());
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("x-api-key", basira.api_key.parse()?);
    Ok(connect_async(request).await?.0)
}

/// Milliseconds between polls: so many, or until `done`.
async fn gaps(stream: &mut Stream, most: usize, done: impl Fn() -> bool) -> Result<Vec<f64>, Failure> {
    let mut before = polled_at(stream).await?;
    let mut gaps = Vec::new();
    while gaps.len() < most && !done() {
        let now = polled_at(stream).await?;
        gaps.push((now - before).as_secs_f64() * 1_000.0);
        before = now;
    }
    Ok(gaps)
}

/// When the next snapshot arrives.
async fn polled_at(stream: &mut Stream) -> Result<Instant, Failure> {
    loop {
        let message = timeout(POLLED_WITHIN, stream.next()).await?.ok_or("the stream ended")??;
        let Message::Text(text) = message else { continue };
        if serde_json::from_str::<Value>(&text)?["type"] == "snapshot" {
            return Ok(Instant::now());
        }
    }
}
