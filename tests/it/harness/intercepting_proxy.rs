//! Stands between an HTTP client and its server: hears what is asked, and can change it or answer instead.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What happens to requests; a change of it ends the connections there are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Play {
    Forward,
    /// Forwards each request changed; its length must stay.
    Change(fn(String) -> String),
    /// Answers so, and closes.
    Answer(&'static str),
    /// Answers so, and goes on with zeros without end.
    Endless(&'static str),
}

/// Listens in until dropped.
pub(crate) struct Tap {
    pub(crate) port: u16,
    plays: watch::Sender<Play>,
    ear: Ear,
    accepting: JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Ear {
    heard: Arc<Mutex<String>>,
    open: Arc<AtomicUsize>,
    most_open: Arc<AtomicUsize>,
}

impl Tap {
    pub(crate) async fn before(server_port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (plays, playing) = watch::channel(Play::Forward);
        let ear = Ear::default();
        let of_connections = ear.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (ear, mut playing) = (of_connections.clone(), playing.clone());
                tokio::spawn(async move {
                    let open = ear.open.fetch_add(1, Ordering::SeqCst) + 1;
                    ear.most_open.fetch_max(open, Ordering::SeqCst);
                    let play = *playing.borrow_and_update();
                    tokio::select! {
                        _ = carry(client, server_port, play, &ear) => {}
                        _ = playing.changed() => {}
                    }
                    ear.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, plays, ear, accepting }
    }

    pub(crate) fn plays(&self, play: Play) {
        self.plays.send_replace(play);
    }

    /// Every request so far, as it came.
    pub(crate) fn heard(&self) -> String {
        self.ear.heard.lock().expect("an ear").clone()
    }

    /// How many connections were open at once, at most.
    pub(crate) fn most_open(&self) -> usize {
        self.ear.most_open.load(Ordering::SeqCst)
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(mut client: TcpStream, server_port: u16, play: Play, ear: &Ear) -> std::io::Result<()> {
    match play {
        Play::Forward => forward(client, server_port, |text| text, ear).await,
        Play::Change(change) => forward(client, server_port, change, ear).await,
        Play::Answer(answer) => {
            hear(&mut client, ear).await?;
            client.write_all(answer.as_bytes()).await?;
            client.shutdown().await?;
            // who closes with something unread takes the answer back
            let mut rest = Vec::new();
            timeout(Duration::from_secs(1), client.read_to_end(&mut rest)).await?.map(drop)
        }
        Play::Endless(head) => {
            hear(&mut client, ear).await?;
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
    ear: &Ear,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)).await?;
    let ((mut asks, mut is_told), (mut answers, mut is_asked)) = (client.split(), server.split());
    let asking = async {
        let mut chunk = vec![0; 1 << 16];
        loop {
            let length = asks.read(&mut chunk).await?;
            if length == 0 {
                return Ok::<(), std::io::Error>(());
            }
            let text = String::from_utf8_lossy(&chunk[..length]).into_owned();
            ear.heard.lock().expect("an ear").push_str(&text);
            is_asked.write_all(change(text).as_bytes()).await?;
        }
    };
    tokio::select! {
        asked = asking => asked,
        told = copy(&mut answers, &mut is_told) => told.map(drop),
    }
}

/// Reads the beginning of a request.
async fn hear(client: &mut TcpStream, ear: &Ear) -> std::io::Result<()> {
    let mut chunk = vec![0; 1 << 16];
    let length = client.read(&mut chunk).await?;
    ear.heard.lock().expect("an ear").push_str(&String::from_utf8_lossy(&chunk[..length]));
    Ok(())
}
