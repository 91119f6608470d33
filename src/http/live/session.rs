//! One live stream, from the upgrade to the close frame.

use std::time::Duration;

use basira_actors::model::{DatabaseId, Timestamp};
use basira_actors::supervisor::Live;
use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

use super::access::StreamAccess;
use super::close::Close;
use super::pace::Pace;
use crate::http::routing::Upgrade;
use crate::http::{ApiError, Response};

const PING_INTERVAL: Duration = Duration::from_secs(20);
const MOST_UNANSWERED_PINGS: u32 = 2;
/// A client that does not take a frame within this is disconnected.
const SEND_TIME_LIMIT: Duration = Duration::from_secs(30);
/// How long a client may take to confirm the close.
const CLOSE_TIME_LIMIT: Duration = Duration::from_secs(2);

/// What an admitted client reads.
pub struct Session {
    pub database_id: DatabaseId,
    pub interval: Duration,
    /// When the credential that opened the stream expires.
    pub expires_at: Option<Timestamp>,
    /// The caller that opened it; `None` if access never ends.
    pub access: Option<StreamAccess>,
    pub live: watch::Receiver<Option<Live>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "hello")]
struct Hello {
    database_id: DatabaseId,
    interval_seconds: u64,
}

/// A snapshot that is not sent yet, and when it was published.
struct Unsent {
    frame: Bytes,
    published: Instant,
}

/// Upgrades the connection and runs the stream, or closes it with the code of the refusal. `held` is dropped when the
/// stream ends.
pub fn run<H: Send + 'static>(
    upgrade: Upgrade,
    admitted: Result<Session, ApiError>,
    shutdown: CancellationToken,
    held: H,
) -> Response {
    upgrade.accept(async move |mut socket| {
        let close = match admitted {
            Ok(session) => session.run(&mut socket, shutdown).await,
            Err(error) => Close::Refused(error),
        };
        close_socket(&mut socket, &close).await;
        drop(held);
    })
}

impl Session {
    /// Streams until the client, the shutdown, the expiry or a revocation ends it, without waiting for a slow client.
    async fn run<S>(mut self, socket: &mut S, shutdown: CancellationToken) -> Close
    where
        S: Stream<Item = Result<Message, Error>> + Sink<Message> + Unpin,
    {
        let expires = self.expires_at.map(|at| Instant::now() + at.since(Timestamp::now()));
        let expiry = async {
            match expires {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let access = self.access.take();
        let revoked = async {
            match access {
                Some(access) => access.revoked().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            close = self.follow(socket) => close,
            () = shutdown.cancelled() => Close::Restarting,
            () = expiry => Close::Expired,
            () = revoked => Close::Revoked,
        }
    }

    async fn follow<S>(mut self, socket: &mut S) -> Close
    where
        S: Stream<Item = Result<Message, Error>> + Sink<Message> + Unpin,
    {
        if let Err(close) = send(socket, self.hello()).await {
            return close;
        }
        let mut pace = Pace::new(self.interval, Instant::now());
        let mut unsent: Option<Unsent> = None;
        let mut unanswered_pings = 0;
        let mut ping = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.live.mark_changed();
        loop {
            let outgoing = tokio::select! {
                changed = self.live.changed() => match (changed, self.newest()) {
                    (Err(_), _) => return Close::Restarting,
                    (Ok(()), Some(Live::Deleted)) => return Close::Deleted,
                    (Ok(()), Some(Live::Disconnected { frame })) => {
                        unsent = None;
                        text(frame)
                    }
                    (Ok(()), Some(Live::Snapshot { frame, .. })) => {
                        unsent = Some(Unsent { frame, published: Instant::now() });
                        None
                    }
                    (Ok(()), None) => None,
                },
                () = sleep_until(pace.due()), if unsent.is_some() => None,
                _ = ping.tick() => {
                    if unanswered_pings == MOST_UNANSWERED_PINGS {
                        return Close::Disconnected;
                    }
                    unanswered_pings += 1;
                    Some(Message::Ping(Bytes::new()))
                }
                incoming = socket.next() => match incoming {
                    Some(Ok(message)) if !message.is_close() => {
                        unanswered_pings = 0;
                        None
                    }
                    _ => return Close::Disconnected,
                },
            };
            let due = || {
                let now = Instant::now();
                let snapshot = unsent.take_if(|snapshot| pace.allows(snapshot.published, now))?;
                pace.sent(snapshot.published, now);
                text(snapshot.frame)
            };
            if let Some(message) = outgoing.or_else(due)
                && let Err(close) = send(socket, message).await
            {
                return close;
            }
        }
    }

    fn newest(&mut self) -> Option<Live> {
        self.live.borrow_and_update().clone()
    }

    fn hello(&self) -> Message {
        let hello = Hello { database_id: self.database_id, interval_seconds: self.interval.as_secs() };
        Message::text(serde_json::to_string(&hello).unwrap_or_default())
    }
}

/// The frame as a text message that shares its bytes. It was serialised by serde, and so is UTF-8.
fn text(frame: Bytes) -> Option<Message> {
    Utf8Bytes::try_from(frame).ok().map(Message::Text)
}

async fn send<S: Sink<Message> + Unpin>(socket: &mut S, message: Message) -> Result<(), Close> {
    match timeout(SEND_TIME_LIMIT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Close::Disconnected),
    }
}

/// Performs the closing handshake: sends a close frame and waits for that of the client.
async fn close_socket<S>(socket: &mut S, close: &Close)
where
    S: Stream<Item = Result<Message, Error>> + Sink<Message> + Unpin,
{
    let closing = async {
        let Some(frame) = close.frame() else { return drop(socket.close().await) };
        if socket.send(frame).await.is_ok() {
            // the connection stays open until the client has received the frame
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    if timeout(CLOSE_TIME_LIMIT, closing).await.is_err() {
        tracing::debug!("the client of a live stream did not answer the close frame");
    }
}
