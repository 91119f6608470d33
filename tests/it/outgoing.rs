//! Requests to URLs of users, and the drivers' connections: nowhere that is forbidden, whatever a name says later.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use basira::config::{Config, LiveConfig, Source};
use basira::demo::servers::ClickHouseServer;
use basira::outgoing::{Outgoing, OutgoingError, Reply};
use basira_actors::collect::CollectError;
use basira_actors::drivers::{self, ConnectSettings};
use basira_actors::model::{DatabaseId, Engine, OrganizationId, Secret, Target, TlsMode};
use basira_actors::ports::AddressPolicy;
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::harness::postgres::NEWEST;
use crate::harness::{
    Authority, ClickHouseDatabase, MONITOR_PASSWORD, TestDatabase, TlsProxy, clickhouse, postgres,
};

const LIMIT: Duration = Duration::from_secs(10);
const GONE: &str = "169.254.169.254";

/// Answers every request with the same bytes, and counts connections.
struct Receiver {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Receiver {
    async fn answering(answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (counter, answer) = (Arc::clone(&connections), answer.to_owned());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 4096]).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                    // an answer without an end is waited for by nobody but the time limit
                    let _ = stream.read(&mut [0; 64]).await;
                });
            }
        });
        Self { port, connections }
    }

    fn count(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// The defaults, and what `file` comes to say.
fn live(file: &Path) -> LiveConfig {
    fs::write(file, "").unwrap();
    LiveConfig::load(Source { file: Some(file.to_owned()), ..Source::default() }).unwrap()
}

async fn post(outgoing: &Outgoing, url: &str, limit: Duration) -> Result<Reply, OutgoingError> {
    outgoing.post(&url.parse().unwrap(), http::HeaderMap::new(), Bytes::from_static(b"{}"), limit).await
}

#[tokio::test]
async fn a_request_goes_where_it_may_and_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("basira.toml");
    let live = live(&file);
    let outgoing = Outgoing::new(live.clone(), None).unwrap();
    let receiver = Receiver::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let hook = format!("http://127.0.0.1:{}/hook", receiver.port);
    for url in [&hook, &hook.replace("127.0.0.1", "localhost")] {
        let reply = post(&outgoing, url, LIMIT).await.unwrap();
        assert_eq!((reply.status.as_u16(), &*reply.body), (200, b"ok".as_slice()), "{url}");
    }
    let elsewhere = format!("HTTP/1.1 307 Go\r\nLocation: {hook}\r\nContent-Length: 0\r\n\r\n");
    let redirecting = Receiver::answering(&elsewhere).await;
    let reply = post(&outgoing, &format!("http://127.0.0.1:{}/", redirecting.port), LIMIT).await.unwrap();
    assert_eq!((reply.status.as_u16(), receiver.count()), (307, 2), "a redirect was followed");

    for url in ["http://169.254.169.254/latest/", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/"] {
        let refused = post(&outgoing, url, LIMIT).await.unwrap_err().to_string();
        assert!(refused.contains("may not connect to"), "{url}: {refused}");
    }
    for url in ["http://user:pass@127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd"] {
        assert!(matches!(post(&outgoing, url, LIMIT).await, Err(OutgoingError::Url)), "{url}");
    }

    fs::write(&file, "[targets]\ndeny = ['127.0.0.0/8', '::1/128']").unwrap();
    live.accept(&live.reload().unwrap());
    let refused = post(&outgoing, &hook, LIMIT).await.unwrap_err().to_string();
    assert!(refused.contains("may not connect to") && receiver.count() == 2, "{refused}");
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let outgoing = Outgoing::new(live(&folder.path().join("basira.toml")), None).unwrap();
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n{}", "x".repeat(70_000));
    let long = Receiver::answering(&long).await;
    let cut = post(&outgoing, &format!("http://127.0.0.1:{}/", long.port), LIMIT).await;
    assert!(matches!(cut, Err(OutgoingError::TooLong)), "{cut:?}");
    let silent = Receiver::answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n").await;
    let url = format!("http://127.0.0.1:{}/", silent.port);
    let cut = post(&outgoing, &url, Duration::from_millis(300)).await;
    assert!(matches!(cut, Err(OutgoingError::TimedOut(_))), "{cut:?}");
}

#[tokio::test]
async fn certificates_of_receivers_are_checked_in_full() {
    let receiver = Receiver::answering("HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n").await;
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    for (authority, name, last_year, words) in [
        (&ours, "localhost", 2100, None),
        (&others, "localhost", 2100, Some("UnknownIssuer")),
        (&ours, "elsewhere.example", 2100, Some("not valid for name")),
        (&ours, "localhost", 2001, Some("expired")),
    ] {
        let proxy = TlsProxy::before(receiver.port, authority, name, last_year).await;
        let folder = tempfile::tempdir().unwrap();
        let outgoing = Outgoing::new(live(&folder.path().join("basira.toml")), Some(&ours.pem())).unwrap();
        let answer = post(&outgoing, &format!("https://localhost:{}/", proxy.port), LIMIT).await;
        match words {
            None => assert_eq!(answer.unwrap().status.as_u16(), 204),
            Some(words) => assert!(answer.unwrap_err().to_string().contains(words), "{name} {last_year}"),
        }
    }
}

/// A name that is answered differently from a moment on.
struct Rebinding(Mutex<VecDeque<IpAddr>>);

#[async_trait]
impl AddressPolicy for Rebinding {
    fn allows(&self, address: IpAddr) -> bool {
        Config::load(None, [], &[]).unwrap().targets.allows(address)
    }

    async fn addresses(&self, _: &str, _: u16) -> io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock().unwrap();
        let answer = answers.pop_front().unwrap_or_else(|| GONE.parse().unwrap());
        Ok(vec![answer])
    }
}

fn rebinding_after(good: usize) -> ConnectSettings {
    let answers = vec!["127.0.0.1".parse().unwrap(); good];
    ConnectSettings {
        timeout: Duration::from_secs(5),
        policy: Arc::new(Rebinding(Mutex::new(answers.into()))),
        raw_query_text: false,
    }
}

fn target(engine: Engine, port: u16, database: &str, user: &str, password: &str) -> Target {
    let address = ("rebound.example", port);
    Target {
        database: database.to_owned(),
        username: Some(user.to_owned()),
        password: Some(Secret::new(password)),
        tls: TlsMode::Disable,
        poll_interval: LIMIT,
        ..Target::new(DatabaseId::generate(), OrganizationId::generate(), engine, address)
    }
}

#[tokio::test]
async fn a_postgres_whose_name_is_rebound_is_not_connected_to_again() {
    let database = TestDatabase::create(postgres::shared(NEWEST).await).await;
    let target = target(Engine::Postgres, database.port, &database.name, &database.name, MONITOR_PASSWORD);
    let settings = rebinding_after(1);
    let mut session = drivers::connect(&target, &settings).await.expect("where it may");
    // the connection that stands is to the address that was judged, and is not followed anywhere
    session.refresh().await.expect("an answer");
    let again = drivers::connect(&target, &settings).await.err();
    assert!(matches!(again, Some(CollectError::Denied { .. })), "{again:?}");
}

#[tokio::test]
async fn a_clickhouse_whose_name_is_rebound_is_not_connected_to_again() {
    let database = ClickHouseDatabase::create(clickhouse::shared().await).await;
    let (user, password) = (ClickHouseServer::READERS[0], ClickHouseServer::PASSWORD);
    let target = target(Engine::Clickhouse, database.port, &database.name, user, password);
    // once before the client is made, and once when it connects
    let mut session = drivers::connect(&target, &rebinding_after(2)).await.expect("where it may");
    session.refresh().await.expect("the connection that stands");
    // the client lets go of a connection that is not used for a while, and connects anew by itself
    tokio::time::sleep(Duration::from_secs(4)).await;
    let again = session.refresh().await.err();
    assert!(matches!(again, Some(CollectError::Denied { .. })), "{again:?}");
    let anew = drivers::connect(&target, &rebinding_after(1)).await.err();
    assert!(matches!(anew, Some(CollectError::Denied { .. })), "{anew:?}");
}
