//! Servers that are none: small programs that listen where a database was registered.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{self, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// What is written in pieces of this size.
const PIECE: usize = 1 << 16;

/// Listens until dropped.
pub(super) struct FakeServer {
    pub(super) port: u16,
    accepting: JoinHandle<()>,
}

impl FakeServer {
    /// Lets `behavior` talk to each client.
    pub(super) async fn start<F>(behavior: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // who hangs up in the middle of it is what this is about
                tokio::spawn(behavior(client));
            }
        });
        Self { port, accepting }
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Reads whatever comes next.
pub(super) async fn hear(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut heard = vec![0; PIECE];
    match client.read(&mut heard).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        length => {
            heard.truncate(length);
            Ok(heard)
        }
    }
}

/// Says `piece` until `bytes` were said.
pub(super) async fn repeat(client: &mut TcpStream, piece: &[u8], bytes: usize) -> io::Result<()> {
    let pieces = piece.repeat((PIECE / piece.len()).max(1));
    let mut said = 0;
    while said < bytes {
        client.write_all(&pieces).await?;
        said += pieces.len();
    }
    Ok(())
}

/// Says `text` a byte at a time, and begins anew at its end.
pub(super) async fn drip(client: &mut TcpStream, text: &[u8]) -> io::Result<()> {
    for byte in text.iter().cycle() {
        client.write_all(&[*byte]).await?;
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
