//! One client of a Keeper, from its greeting to its end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::tree::{Ask, Tree, UNIMPLEMENTED};
use super::wire::{Reader, Writer};

/// What is asked, by its number.
const CREATE: i32 = 1;
const DELETE: i32 = 2;
const EXISTS: i32 = 3;
const GET: i32 = 4;
const SET: i32 = 5;
const HEARTBEAT: i32 = 11;
const LIST: i32 = 12;
const CHECK: i32 = 13;
const MULTI: i32 = 14;
const CLOSE: i32 = -11;

type Shared = Arc<Mutex<Tree>>;

fn locked(tree: &Shared) -> MutexGuard<'_, Tree> {
    tree.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers `client` until it goes.
pub(super) async fn serve(client: TcpStream, session: i64, tree: Shared) {
    let (mut reading, writing) = client.into_split();
    let (messages, outgoing) = unbounded_channel();
    let writer = tokio::spawn(write(writing, outgoing));
    locked(&tree).join(session, messages.clone());
    let _ = converse(&mut reading, &messages, session, &tree).await;
    locked(&tree).leave(session);
    writer.abort();
}

async fn write(mut writing: OwnedWriteHalf, mut outgoing: UnboundedReceiver<Vec<u8>>) {
    while let Some(message) = outgoing.recv().await {
        if writing.write_all(&message).await.is_err() {
            break;
        }
    }
}

/// Ends with none when the client is gone or cannot be understood.
async fn converse(
    reading: &mut OwnedReadHalf,
    messages: &UnboundedSender<Vec<u8>>,
    session: i64,
    tree: &Shared,
) -> Option<()> {
    let greeting = read(reading).await?;
    let (_version_and_last_change, rest) = greeting.split_at_checked(12)?;
    let patience_ms = Reader(rest).int()?;
    let welcome = Writer::default().int(0).int(patience_ms).long(session).bytes(&[0; 16]);
    messages.send(welcome.framed()).ok()?;
    loop {
        let message = read(reading).await?;
        let mut message = Reader(&message);
        let (request, kind) = (message.int()?, message.int()?);
        let mut tree = locked(tree);
        let (error, body) = match kind {
            HEARTBEAT | CLOSE => (0, Writer::default()),
            MULTI => (0, answer_all(&mut tree, session, &mut message)?),
            kind => match ask(kind, &mut message).map(|ask| tree.answer(session, ask)) {
                Some(Ok(answer)) => (0, answer),
                Some(Err(error)) => (error, Writer::default()),
                None => (UNIMPLEMENTED, Writer::default()),
            },
        };
        let head = Writer::default().int(request).long(tree.changes).int(error);
        messages.send(head.all(body).framed()).ok()?;
        if kind == CLOSE {
            return None;
        }
    }
}

async fn read(reading: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let length = reading.read_i32().await.ok()?;
    let mut message = vec![0; usize::try_from(length).ok()?];
    reading.read_exact(&mut message).await.ok()?;
    Some(message)
}

fn ask(kind: i32, message: &mut Reader<'_>) -> Option<Ask> {
    // the root is called "/", and all others begin with it
    let path = message.text().map(|path| if path == "/" { String::new() } else { path })?;
    Some(match kind {
        CREATE => {
            let data = message.bytes()?;
            // who may do what: everybody may do everything here
            for _ in 0..message.int()? {
                (message.int()?, message.bytes()?, message.bytes()?);
            }
            let flags = message.int()?;
            Ask::Create { path, data, ephemeral: flags & 1 != 0, sequential: flags & 2 != 0 }
        }
        DELETE => Ask::Delete { path, version: message.int()? },
        EXISTS => Ask::Exists { path, watch: message.bool()? },
        GET => Ask::Get { path, watch: message.bool()? },
        SET => Ask::Set { path, data: message.bytes()?, version: message.int()? },
        LIST => Ask::List { path, watch: message.bool()? },
        CHECK => Ask::Check { path, version: message.int()? },
        _ => return None,
    })
}

/// Many changes in one message; none when one of them is not understood.
fn answer_all(tree: &mut Tree, session: i64, message: &mut Reader<'_>) -> Option<Writer> {
    let (mut kinds, mut asks) = (Vec::new(), Vec::new());
    loop {
        let (kind, done, _) = (message.int()?, message.bool()?, message.int()?);
        if done {
            break;
        }
        kinds.push(kind);
        asks.push(ask(kind, message)?);
    }
    let part = |written: Writer, kind: i32, error: i32| written.int(kind).bool(false).int(error);
    let written = match tree.answer_all(session, asks) {
        Ok(answers) => kinds
            .into_iter()
            .zip(answers)
            .fold(Writer::default(), |written, (kind, answer)| part(written, kind, 0).all(answer)),
        Err(errors) => {
            errors.into_iter().fold(Writer::default(), |written, error| part(written, -1, error).int(error))
        }
    };
    Some(written.int(-1).bool(true).int(-1))
}
