//! Watched servers that mean harm: what they cost is bounded, and nothing of what they say is believed or repeated.

mod clickhouse;
mod clock;
mod database_tests;
mod fake_server;
mod planning;
mod postgres;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use self::fake_server::FakeServer;
use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase};

/// All of it is told by then.
const TOLD_WITHIN: Duration = Duration::from_secs(120);
/// A request that has nothing to do with it, on a machine that runs other tests.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);
/// What 8 answers of the largest size and 20 others may take at once, over what the server takes by itself.
const MOST_MEGABYTES: u64 = 512;
const ENDED_WITHIN: Duration = Duration::from_secs(20);

struct Scene {
    _fake_server: FakeServer,
    registered: Registered,
    words: &'static str,
    behavior: String,
}

fn registration(engine: &str, name: &str, port: u16) -> Value {
    json!({"name": name, "engine": engine, "host": "127.0.0.1", "port": port, "username": "basira",
        "password": "hunter2-of-basira", "tls": "disable", "poll_interval_seconds": 1})
}

async fn scenes(organization: &Organization) -> Vec<Scene> {
    let mut scenes = Vec::new();
    for (behavior, words) in postgres::BEHAVIORS {
        let fake_server = postgres::start(behavior).await;
        let behavior = format!("PostgreSQL {behavior:?}");
        let registered =
            organization.register_as(&registration("postgres", &behavior, fake_server.port)).await;
        scenes.push(Scene { _fake_server: fake_server, registered, words, behavior });
    }
    let eight_at_once = clickhouse::BEHAVIORS.into_iter().chain([clickhouse::BEHAVIORS[1]; 7]);
    for (number, (behavior, words)) in eight_at_once.enumerate() {
        let fake_server = clickhouse::start(behavior).await;
        let behavior = format!("ClickHouse {behavior:?} {number}");
        let registered =
            organization.register_as(&registration("clickhouse", &behavior, fake_server.port)).await;
        scenes.push(Scene { _fake_server: fake_server, registered, words, behavior });
    }
    scenes
}

/// Waits until all are told of. Returns how long the slowest other request took, and the most memory.
async fn watch(app: &TestApp, scenes: &[Scene]) -> (Duration, u64) {
    let (mut slowest, mut most_mb) = (Duration::ZERO, 0);
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        app.anonymous().get("/healthz", 200).await;
        slowest = slowest.max(asked.elapsed());
        most_mb = most_mb.max(app.resident_mb());
        let mut untold = Vec::new();
        for scene in scenes {
            let database = scene.registered.get("").await;
            let error = database["last_error"].as_str().unwrap_or_default().to_owned();
            if !error.contains(scene.words) {
                untold.push((&scene.behavior, scene.words, error));
            }
        }
        if untold.is_empty() {
            return (slowest, most_mb);
        }
        assert!(began.elapsed() < TOLD_WITHIN, "{untold:#?}");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_malicious_server_affects_only_its_own_monitor() {
    let mut app = TestApp::start().await;
    let organization = Organization::verified(&app, "hostile").await;
    let neighbour = organization.register(&TestDatabase::create(shared(NEWEST).await).await).await;
    neighbour.connected().await;
    let before_mb = app.resident_mb();
    let scenes = scenes(&organization).await;
    let (slowest, most_mb) = watch(&app, &scenes).await;
    neighbour.polls_pass(2).await;
    println!("slowest {slowest:?}, {before_mb} MB before, {most_mb} MB at most");
    assert!(slowest < ANSWERED_WITHIN, "{slowest:?}");
    assert!(most_mb < before_mb + MOST_MEGABYTES, "{before_mb} MB before, {most_mb} MB at most");

    let shown = organization.key.get("/databases", 200).await.to_string();
    let log = app.log();
    assert!(!shown.contains("hunter2") && !log.contains("hunter2"), "foreign bytes:\n{shown}\n{log}");
    assert!(!log.contains("panicked"), "{log}");
    let longest = log.lines().map(str::len).max().unwrap_or_default();
    assert!(longest < 4_096 && shown.len() < 64 << 10, "{longest} in the log, {} shown", shown.len());
    assert!(app.stops_within(ENDED_WITHIN).await, "still running:\n{}", app.log());
}
