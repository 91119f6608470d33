//! Fan-out by warp and nothing else: a text published once a second to everybody who is connected.

use std::time::Duration;

use futures_util::SinkExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::interval;
use warp::Filter as _;
use warp::ws::{Message, WebSocket, Ws};

use basira_benches::Failure;

/// Serves texts of `bytes` until it is killed, after it has said where.
pub(crate) async fn serve(bytes: usize) -> Result<(), Failure> {
    let (publish, news) = watch::channel(Message::text(""));
    let live = warp::ws().map(move |ws: Ws| {
        let news = news.clone();
        ws.on_upgrade(move |socket| follow(socket, news))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    #[expect(clippy::disallowed_methods, reason = "this is what we are held against")]
    tokio::spawn(warp::serve(live).incoming(listener).run());
    let mut second = interval(Duration::from_secs(1));
    for number in 0_u64.. {
        second.tick().await;
        publish.send_replace(Message::text(text(number, bytes)));
    }
    Ok(())
}

async fn follow(mut socket: WebSocket, mut news: watch::Receiver<Message>) {
    while news.changed().await.is_ok() {
        // a message shares its payload: this copies nothing
        let message = news.borrow_and_update().clone();
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

/// As long as the real one, and numbered like it.
fn text(number: u64, bytes: usize) -> String {
    let mut text =
        format!(r#"{{"type":"snapshot","ts":"2026-01-01T00:00:00.000Z","seq":{number},"queries":[""#);
    text.extend(std::iter::repeat_n('x', bytes.saturating_sub(text.len() + 3)));
    text + r#""]}"#
}
