//! TLS in the server itself: certificates taken up as they come, live streams over it.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::client_async;

use crate::harness::{Authority, PASSWORD, TestApp, eventually, holds_for};

const HOST: &str = "basira.example";
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(10);

/// The files that a server shows, and where it is.
struct Secured {
    app: TestApp,
    folder: tempfile::TempDir,
}

impl Secured {
    async fn start(authority: &Authority) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &authority.certificate(HOST, 2999));
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (cert, key) = (file("cert.pem"), file("key.pem"));
        let app =
            TestApp::start_with(&[("HTTP__TLS__CERT_FILE", &cert), ("HTTP__TLS__KEY_FILE", &key)]).await;
        Self { app, folder }
    }

    fn address(&self) -> &str {
        self.app.url.strip_prefix("https://").expect("it says https")
    }

    /// A connection by somebody who trusts `authority` alone.
    async fn connect(&self, authority: &Authority) -> Result<TlsStream<TcpStream>, String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address()).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let name = ServerName::try_from(HOST).unwrap();
        connector.connect(name, stream).await.map_err(|error| error.to_string())
    }

    async fn ask(&self, authority: &Authority, request: String) -> Result<Answer, String> {
        let mut stream = self.connect(authority).await?;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // the server closes the connection, with or without a goodbye
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        Ok(Answer { head: head.to_owned(), body: body.to_owned() })
    }

    async fn healthy(&self, authority: &Authority) -> Result<Answer, String> {
        self.ask(authority, format!("GET /healthz HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n"))
            .await
    }

    async fn post(&self, authority: &Authority, path: &str, token: &str, body: &Value) -> Value {
        let body = body.to_string();
        let head = format!(
            "POST /api/v1{path} HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = self.ask(authority, head).await.unwrap();
        assert!(answer.head.starts_with("HTTP/1.1 201"), "{}: {}", answer.head, answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }
}

struct Answer {
    head: String,
    body: String,
}

fn write(folder: &Path, (cert, key): &(String, String)) {
    fs::write(folder.join("key.pem"), key).unwrap();
    fs::write(folder.join("cert.pem"), cert).unwrap();
}

#[tokio::test]
async fn a_new_certificate_is_loaded_and_an_invalid_one_is_ignored() {
    let [first, second] = ["First", "Second"].map(Authority::new);
    let server = Secured::start(&first).await;
    let answer = server.healthy(&first).await.unwrap();
    assert!(
        answer.head.starts_with("HTTP/1.1 200") && answer.head.contains("strict-transport-security"),
        "{}",
        answer.head
    );
    assert!(server.healthy(&second).await.is_err());
    let mut plain = TcpStream::connect(server.address()).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "plain HTTP is answered on a port that speaks TLS");

    let mut silent = TcpStream::connect(server.address()).await.unwrap();
    let (_, other_key) = first.certificate(HOST, 2999);
    for bad in ["nonsense", "", &other_key] {
        fs::write(server.folder.path().join("key.pem"), bad).unwrap();
        holds_for(Duration::from_secs(3), async || assert!(server.healthy(&first).await.is_ok())).await;
    }
    assert!(server.app.log().contains("the certificate could not be reloaded"));

    write(server.folder.path(), &second.certificate(HOST, 2999));
    eventually(TAKEN_UP_WITHIN, async || server.healthy(&second).await.map(|_| ())).await;
    assert!(server.healthy(&first).await.is_err());
    let cut = timeout(Duration::from_secs(30), silent.read(&mut [0])).await;
    assert!(matches!(cut, Ok(Ok(0) | Err(_))), "a handshake may last for ever: {cut:?}");
}

#[tokio::test]
async fn live_streams_work_over_tls_and_cookies_are_secure() {
    let authority = Authority::new("First");
    let server = Secured::start(&authority).await;
    let account = json!({"email": "a@tls.example", "password": PASSWORD, "name": "A", "org_name": "tls"});
    let session = server.post(&authority, "/auth/signup", "", &account).await;
    let token = session["access_token"].as_str().unwrap();
    let database = json!({"name": "x", "engine": "postgres", "host": "127.0.0.1", "port": 1});
    let database = server.post(&authority, "/databases", token, &database).await;
    let id = database["id"].as_str().unwrap();
    let url = format!("wss://{HOST}/api/v1/databases/{id}/active/ws?token={token}");
    let stream = server.connect(&authority).await.unwrap();
    let (mut live, _) = client_async(url, stream).await.unwrap();
    let hello = live.next().await.unwrap().unwrap();
    let hello: Value = serde_json::from_str(hello.to_text().unwrap()).unwrap();
    assert_eq!((&hello["type"], &hello["database_id"]), (&"hello".into(), &database["id"]));

    let login = json!({"email": "a@tls.example", "password": PASSWORD}).to_string();
    let request = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{login}",
        login.len()
    );
    let answer = server.ask(&authority, request).await.unwrap();
    let mut cookies = answer.head.lines().filter(|line| line.starts_with("set-cookie: "));
    assert!(
        cookies.clone().count() >= 2 && cookies.all(|cookie| cookie.contains("; Secure")),
        "{}",
        answer.head
    );
}
