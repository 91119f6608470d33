//! A proxy between an HTTP client and its server, which records requests and can change or answer them.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What happens to requests; a change of it closes all connections.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Interception {
    Forward,
    /// Changes each request, whose length must stay the same, and forwards it.
    Change(fn(String) -> String),
    /// Answers with this text and closes the connection.
    Answer(&'static str),
    /// Answers with this text, followed by zeros without end.
    Endless(&'static str),
}

/// Runs until it is dropped.
pub(crate) struct InterceptingProxy {
    pub(crate) port: u16,
    interceptions: watch::Sender<Interception>,
    traffic: Traffic,
    accepting: JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Traffic {
    requests: Arc<Mutex<String>>,
    open: Arc<AtomicUsize>,
    most_open: Arc<AtomicUsize>,
}

impl InterceptingProxy {
    pub(crate) async fn before(server_port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (interceptions, interception_changes) = watch::channel(Interception::Forward);
        let traffic = Traffic::default();
        let of_connections = traffic.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (traffic, mut interception_changes) =
                    (of_connections.clone(), interception_changes.clone());
                tokio::spawn(async move {
                    let open = traffic.open.fetch_add(1, Ordering::SeqCst) + 1;
                    traffic.most_open.fetch_max(open, Ordering::SeqCst);
                    let interception = *interception_changes.borrow_and_update();
                    tokio::select! {
                        _ = carry(client, server_port, interception, &traffic) => {}
                        _ = interception_changes.changed() => {}
                    }
                    traffic.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, interceptions, traffic, accepting }
    }

    pub(crate) fn set(&self, interception: Interception) {
        self.interceptions.send_replace(interception);
    }

    /// All requests so far, unchanged.
    pub(crate) fn requests(&self) -> String {
        self.traffic.requests.lock().expect("no panic while it was locked").clone()
    }

    /// How many connections were open at once, at most.
    pub(crate) fn most_open(&self) -> usize {
        self.traffic.most_open.load(Ordering::SeqCst)
    }
}

impl Drop for InterceptingProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(
    mut client: TcpStream,
    server_port: u16,
    interception: Interception,
    traffic: &Traffic,
) -> std::io::Result<()> {
    match interception {
        Interception::Forward => forward(client, server_port, |text| text, traffic).await,
        Interception::Change(change) => forward(client, server_port, change, traffic).await,
        Interception::Answer(answer) => {
            read_request(&mut client, traffic).await?;
            client.write_all(answer.as_bytes()).await?;
            client.shutdown().await?;
            // closing a socket with unread data would reset the connection and discard the answer
            let mut rest = Vec::new();
            timeout(Duration::from_secs(1), client.read_to_end(&mut rest)).await?.map(drop)
        }
        Interception::Endless(head) => {
            read_request(&mut client, traffic).await?;
            client.write_all(head.as_bytes()).await?;
            loop {
                client.write_all(&[b'0'; 1 << 16]).await?;
            }
        }
    }
}

async fn forward(
    mut client: TcpStream,
    server_port: u16,
    change: fn(String) -> String,
    traffic: &Traffic,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)).await?;
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.split(), server.split());
    let forwarding = async {
        let mut chunk = vec![0; 1 << 16];
        loop {
            let length = from_client.read(&mut chunk).await?;
            if length == 0 {
                return Ok::<(), std::io::Error>(());
            }
            let text = String::from_utf8_lossy(&chunk[..length]).into_owned();
            traffic.requests.lock().expect("no panic while it was locked").push_str(&text);
            to_server.write_all(change(text).as_bytes()).await?;
        }
    };
    tokio::select! {
        forwarded = forwarding => forwarded,
        copied = copy(&mut from_server, &mut to_client) => copied.map(drop),
    }
}

/// Reads and records the beginning of a request.
async fn read_request(client: &mut TcpStream, traffic: &Traffic) -> std::io::Result<()> {
    let mut chunk = vec![0; 1 << 16];
    let length = client.read(&mut chunk).await?;
    traffic
        .requests
        .lock()
        .expect("no panic while it was locked")
        .push_str(&String::from_utf8_lossy(&chunk[..length]));
    Ok(())
}
