//! Thousands of WebSocket clients that read as fast as they can.

use std::sync::Arc;

use basira_benches::Failure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::frames::{Frames, PING, TEXT};
use super::tally::Tally;

const CONNECTING_AT_ONCE: usize = 64;
const READ_BYTES: usize = 64 * 1024;
/// An empty pong, masked with zeros.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// Who to follow.
pub(crate) struct Endpoint {
    /// Host and port.
    pub(crate) address: String,
    pub(crate) path: String,
    pub(crate) api_key: String,
}

/// Clients that run until this is dropped.
pub(crate) struct Clients {
    _reading: JoinSet<()>,
}

impl Clients {
    /// Connects `count` clients to `endpoint`, a few at a time; what they receive goes into `tally`.
    pub(crate) async fn connect(
        endpoint: &Arc<Endpoint>,
        count: usize,
        tally: &Arc<Tally>,
    ) -> Result<Self, Failure> {
        let (mut connecting, mut reading) = (JoinSet::new(), JoinSet::new());
        for started in 0..count {
            if started >= CONNECTING_AT_ONCE
                && let Some(client) = connecting.join_next().await
            {
                reading.spawn(read(client??, Arc::clone(tally)));
            }
            let endpoint = Arc::clone(endpoint);
            connecting.spawn(async move { upgrade(&endpoint).await });
        }
        while let Some(client) = connecting.join_next().await {
            reading.spawn(read(client??, Arc::clone(tally)));
        }
        Ok(Self { _reading: reading })
    }
}

/// A connection and what came in behind the answer's head.
type Client = (TcpStream, Vec<u8>);

async fn upgrade(Endpoint { address, path, api_key }: &Endpoint) -> Result<Client, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {api_key}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err("the server hung up on the upgrade".into());
        }
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        if !answer.starts_with(b"HTTP/1.1 101") {
            return Err(String::from_utf8_lossy(&answer).into());
        }
        answer.drain(..end + 4);
        return Ok((stream, answer));
    }
}

async fn read((stream, early): Client, tally: Arc<Tally>) {
    let mut frames = Frames::default();
    if !take(&stream, &mut frames, &early, &tally) {
        return tally.lost();
    }
    while stream.readable().await.is_ok() {
        if !drain(&stream, &mut frames, &tally) {
            break;
        }
    }
    tally.lost();
}

/// Reads all there is, through a buffer that is not held while waiting; false when the connection is over.
fn drain(stream: &TcpStream, frames: &mut Frames, tally: &Tally) -> bool {
    let mut chunk = [0; READ_BYTES];
    loop {
        match stream.try_read(&mut chunk) {
            Ok(0) => return false,
            Ok(length) => {
                if !take(stream, frames, &chunk[..length], tally) {
                    return false;
                }
            }
            Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }
}

/// Takes `bytes` in and answers pings; false when the connection is over.
fn take(stream: &TcpStream, frames: &mut Frames, bytes: &[u8], tally: &Tally) -> bool {
    let mut alive = true;
    frames.take(bytes, |frame| match frame.opcode {
        TEXT => tally.received(frame.bytes, frame.head),
        PING => alive &= stream.try_write(&PONG).is_ok(),
        _ => alive = false,
    });
    alive
}
