//! The live stream: everyone at their own pace, nobody who should not.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Error;

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{LiveStream, Organization, Registered, TestApp, TestDatabase};

struct Watched {
    app: TestApp,
    organization: Organization,
    registered: Registered,
}

impl Watched {
    async fn new() -> Self {
        Self::on(&TestDatabase::create(shared(NEWEST).await).await).await
    }

    async fn on(database: &TestDatabase) -> Self {
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, "live").await;
        let registered = organization.register(database).await;
        registered.connected().await;
        Self { app, organization, registered }
    }

    async fn open(&self, query: &str) -> LiveStream {
        let query = format!("token={}&{query}", self.organization.owner.bearer());
        LiveStream::open(&self.app.url, &self.registered.id, &query, &[]).await.unwrap()
    }
}

/// The status of a refused handshake, or the close code of a stream closed at once: both are allowed to say no.
async fn refusal(opened: Result<LiveStream, Error>) -> u16 {
    match opened {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("neither refused nor closed: {other}"),
        Ok(mut stream) => stream.close_code().await,
    }
}

#[tokio::test]
async fn the_first_frame_is_hello_and_snapshots_follow_in_order() {
    let watched = Watched::new().await;
    let mut stream = watched.open("interval=1").await;
    let hello = stream.frame().await;
    assert_eq!(hello["type"], "hello");
    assert_eq!(hello["database_id"], watched.registered.id);
    assert_eq!(hello["interval_seconds"], 1);

    let mut last = -1;
    for _ in 0..3 {
        let snapshot = stream.frame_of("snapshot").await;
        assert!(snapshot["queries"].is_array() && snapshot["ts"].is_string(), "{snapshot}");
        let seq = snapshot["seq"].as_i64().unwrap();
        assert!(seq > last, "snapshot {seq} after {last}");
        last = seq;
    }
}

#[tokio::test]
async fn a_running_statement_shows_without_its_literals() {
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let watched = Watched::on(&database).await;
    let sleeper = database.client().await;
    let sleeping =
        tokio::spawn(async move { sleeper.batch_execute("select pg_sleep(20), 'hush hush'").await });
    let mut stream = watched.open("interval=1").await;
    let seen = loop {
        let snapshot = stream.frame_of("snapshot").await;
        let queries = snapshot["queries"].as_array().unwrap().clone();
        let is_ours =
            |query: &&Value| query["query_text"].as_str().is_some_and(|text| text.contains("pg_sleep"));
        if let Some(query) = queries.iter().find(is_ours) {
            break query.clone();
        }
    };
    sleeping.abort();
    assert!(!seen.to_string().contains("hush"), "a literal got out: {seen}");
    assert_eq!(seen["wait_event"], "PgSleep");
}

#[tokio::test]
async fn two_hundred_clients_get_the_interval_they_asked_for() {
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let watched = Watched::on(&database).await;
    let admin = database.client().await;
    let looks = "select coalesce(sum(calls), 0)::int8 from pg_stat_statements s join pg_roles r on r.oid = s.userid \
                 where r.rolname = $1 and s.query ilike '%from%pg_stat_activity%'";
    let before: i64 = admin.query_one(looks, &[&database.name]).await.unwrap().get(0);
    let began = Instant::now();

    let mut clients = JoinSet::new();
    for number in 0..200_u64 {
        let interval = 1 + number % 10;
        let mut stream = watched.open(&format!("interval={interval}")).await;
        if number % 20 == 19 {
            // Vanishes without a word.
            drop(stream);
            continue;
        }
        clients.spawn(async move {
            stream.frame_of("snapshot").await;
            let first = Instant::now();
            stream.frame_of("snapshot").await;
            (interval, first.elapsed())
        });
    }
    let mut shortest = BTreeMap::new();
    while let Some(paced) = clients.join_next().await {
        let (interval, gap) = paced.unwrap();
        let gap = gap.min(*shortest.get(&interval).unwrap_or(&gap));
        shortest.insert(interval, gap);
    }
    assert_eq!(shortest.len(), 10);
    // a busy machine makes some of them wait; not all
    for (interval, gap) in shortest {
        let (least, most) = (Duration::from_secs(interval - 1), Duration::from_secs(interval + 2));
        assert!(gap >= least.mul_f64(0.9) && gap <= most, "interval {interval} s, but {gap:?} between two");
    }
    let after: i64 = admin.query_one(looks, &[&database.name]).await.unwrap().get(0);
    let most = i64::try_from(began.elapsed().as_secs()).unwrap() + 2;
    assert!(after - before <= most, "{} looks at the activity in {most} s", after - before);
}

#[tokio::test]
async fn credentials_and_parameters_are_checked() {
    let watched = Watched::new().await;
    let other = Organization::verified(&watched.app, "stranger").await;
    let (url, id) = (watched.app.url.as_str(), watched.registered.id.as_str());
    let mine = format!("token={}", watched.organization.owner.bearer());
    let theirs = format!("token={}", other.owner.bearer());
    for (query, answers) in [
        (String::new(), [401, 4401]),
        ("token=nonsense".to_owned(), [401, 4401]),
        (theirs, [404, 4404]),
        (format!("{mine}&interval=0"), [400, 4400]),
        (format!("{mine}&interval=61"), [400, 4400]),
        (format!("{mine}&interval=often"), [400, 4400]),
    ] {
        let answer = refusal(LiveStream::open(url, id, &query, &[]).await).await;
        assert!(answers.contains(&answer), "`{query}` got {answer}, not one of {answers:?}");
    }
    let nowhere = "0190a0b0-0000-7000-8000-000000000000";
    let answer = refusal(LiveStream::open(url, nowhere, &mine, &[]).await).await;
    assert!([404, 4404].contains(&answer), "an unknown database got {answer}");
}

#[tokio::test]
async fn a_cookie_needs_an_origin_of_this_server() {
    let watched = Watched::new().await;
    let login = json!({"email": watched.organization.email, "password": crate::harness::PASSWORD});
    let browser = watched.app.anonymous();
    let answer = browser.request(Method::POST, "/auth/login").json(&login).send().await.unwrap();
    let cookies = answer.headers().get_all("set-cookie").iter();
    let access =
        cookies.map(|value| value.to_str().unwrap()).find(|text| text.starts_with("basira_access=")).unwrap();
    let cookie = access.split(';').next().unwrap().to_owned();

    let open = |origin: String| {
        let headers = [("cookie", cookie.clone()), ("origin", origin)];
        let (url, id) = (watched.app.url.clone(), watched.registered.id.clone());
        async move { LiveStream::open(&url, &id, "interval=1", &headers).await }
    };
    assert_eq!(open(watched.app.url.clone()).await.unwrap().frame().await["type"], "hello");
    let answer = refusal(open("http://elsewhere.example".to_owned()).await).await;
    assert!([403, 4403].contains(&answer), "another origin got {answer}");
}

#[tokio::test]
async fn a_ticket_opens_one_stream() {
    let watched = Watched::new().await;
    let ticket = watched.organization.owner.post("/auth/ws-ticket", &json!({}), 200).await;
    let query = format!("ticket={}", ticket["ticket"].as_str().unwrap());
    let (url, id) = (watched.app.url.as_str(), watched.registered.id.as_str());
    let mut first = LiveStream::open(url, id, &query, &[]).await.unwrap();
    assert_eq!(first.frame().await["type"], "hello");
    let answer = refusal(LiveStream::open(url, id, &query, &[]).await).await;
    assert!([401, 4401].contains(&answer), "a used ticket got {answer}");
}

#[tokio::test]
async fn a_deleted_database_ends_its_streams() {
    let watched = Watched::new().await;
    let mut stream = watched.open("interval=1").await;
    stream.frame_of("snapshot").await;
    watched.organization.key.delete(&format!("/databases/{}", watched.registered.id), 204).await;
    assert_eq!(stream.close_code().await, 4404);
}

#[tokio::test]
async fn a_disconnected_server_is_reported_and_reconnected() {
    let mut server = private(NEWEST, "").await;
    let watched = Watched::on(&TestDatabase::create(&server).await).await;
    let mut stream = watched.open("interval=1").await;
    stream.frame_of("snapshot").await;
    server.kill_hard().await.unwrap();
    let status = stream.frame_of("status").await;
    assert_eq!(status["status"], "disconnected");
    assert!(status["last_error"].is_string(), "{status}");
    server.start_again().await.unwrap();
    stream.frame_of("snapshot").await;
}
