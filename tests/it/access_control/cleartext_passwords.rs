//! Servers that want the password as it is.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Organization, TestApp};

const PASSWORD: &str = "s3cret-and-long";
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// `AuthenticationCleartextPassword`.
const CLEARTEXT: [u8; 9] = [b'R', 0, 0, 0, 8, 0, 0, 0, 3];
const NO_ANSWER: &str = "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A server that keeps whatever it is sent.
struct Eavesdropper {
    port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Eavesdropper {
    /// Answers as PostgreSQL without TLS, or as something that speaks HTTP.
    async fn start(is_postgres: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(listen(stream, is_postgres, Arc::clone(&kept)));
            }
        });
        Self { port, heard }
    }

    fn heard_the_password(&self) -> bool {
        let heard = self.heard.lock().unwrap();
        heard.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes())
    }
}

async fn listen(mut stream: TcpStream, is_postgres: bool, heard: Arc<Mutex<Vec<u8>>>) {
    let mut piece = [0; 4_096];
    while let Ok(length @ 1..) = stream.read(&mut piece).await {
        heard.lock().unwrap().extend_from_slice(&piece[..length]);
        let answer = match (is_postgres, &piece[..length]) {
            (true, asked) if asked == SSL_REQUEST => b"N".as_slice(),
            (true, _) => &CLEARTEXT,
            (false, asked) if asked.starts_with(b"GET /ping") => {
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            }
            (false, _) => NO_ANSWER.as_bytes(),
        };
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

fn registration(engine: &str, port: u16, tls: &str) -> Value {
    json!({"name": "x", "engine": engine, "host": "127.0.0.1", "port": port, "username": "basira",
        "password": PASSWORD, "tls": tls})
}

#[tokio::test]
async fn no_password_is_sent_in_cleartext_unless_the_registration_allows_it() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "cleartext").await;
    let report = async |engine: &str, port: u16, tls: &str| {
        organization.key.post("/databases/test", &registration(engine, port, tls), 200).await
    };
    let postgres = Eavesdropper::start(true).await;
    for tls in ["disable", "prefer"] {
        let report = report("postgres", postgres.port, tls).await;
        assert!(report["error"].as_str().is_some_and(|error| error.contains("in cleartext")), "{report}");
        assert!(report["fix"].as_str().is_some_and(|fix| fix.contains("scram-sha-256")), "{report}");
    }
    assert!(!postgres.heard.lock().unwrap().is_empty() && !postgres.heard_the_password());

    let clickhouse = Eavesdropper::start(false).await;
    let refused = report("clickhouse", clickhouse.port, "prefer").await;
    assert!(refused["error"].as_str().is_some_and(|error| error.contains("in cleartext")), "{refused}");
    assert!(!clickhouse.heard.lock().unwrap().is_empty() && !clickhouse.heard_the_password());
    report("clickhouse", clickhouse.port, "disable").await;
    assert!(clickhouse.heard_the_password(), "whoever says disable means it");
}
