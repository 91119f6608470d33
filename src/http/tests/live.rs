//! Live streams, from the hello to the close code.

use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::{ActivitySnapshot, DatabaseId, Timestamp};
use basira_actors::supervisor::Live;
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::harness::TestServer;
use crate::http::live::{self, Session};
use crate::http::{Anonymous, Answer, ApiError, Public, Request, Route};

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    Text(Value),
    Closed(u16),
    Lost,
}

pub(super) async fn hear(socket: &mut Socket) -> Heard {
    loop {
        match timeout(Duration::from_secs(10), socket.next()).await.expect("something within 10 s") {
            Some(Ok(Message::Text(text))) => {
                return Heard::Text(serde_json::from_str(&text).expect("JSON"));
            }
            Some(Ok(Message::Close(Some(frame)))) => return Heard::Closed(frame.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Heard::Lost,
        }
    }
}

pub(super) async fn open(server: &TestServer, path: &str, headers: &[(&'static str, String)]) -> Socket {
    let path = path.replace("{id}", &server.database.to_string());
    let mut request = format!("ws://{}{path}", server.address).into_client_request().expect("a URL");
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header"));
    }
    connect_async(request).await.expect("an upgrade").0
}

pub(super) const LIVE: &str = "/api/v1/databases/{id}/active/ws";

#[tokio::test]
async fn admission_answers_by_close_codes() {
    let server = TestServer::start().await;
    let ada = &server.ada;
    let cookie = ("cookie", format!("__Host-basira_access={ada}"));
    let origin = |origin: &str| ("origin", origin.to_owned());
    let unknown = LIVE.replace("{id}", &DatabaseId::generate().to_string());
    let cases: [(String, Vec<_>, Option<u16>); 11] = [
        (format!("{LIVE}?token={ada}"), vec![], None),
        (LIVE.to_owned(), vec![("authorization", format!("Bearer {ada}"))], None),
        (LIVE.to_owned(), vec![cookie.clone(), origin("https://basira.example")], None),
        (LIVE.to_owned(), vec![cookie.clone(), origin("https://evil.example")], Some(4403)),
        (LIVE.to_owned(), vec![cookie], Some(4403)),
        (format!("{LIVE}?token={ada}&interval=0"), vec![], Some(4400)),
        (format!("{LIVE}?token={ada}&interval=2.5"), vec![], Some(4400)),
        (format!("{LIVE}?token=x.y.z"), vec![], Some(4401)),
        (LIVE.to_owned(), vec![], Some(4401)),
        (format!("{LIVE}?token={}", server.eve), vec![], Some(4404)),
        (format!("{unknown}?token={ada}"), vec![], Some(4404)),
    ];
    for (path, headers, code) in cases {
        let mut socket = open(&server, &path, &headers).await;
        match (hear(&mut socket).await, code) {
            (Heard::Text(hello), None) => {
                assert_eq!(hello["type"], "hello");
                assert_eq!(hello["database_id"], server.database.to_string());
                assert_eq!(hello["interval_seconds"], 5);
            }
            (heard, code) => assert_eq!(heard, Heard::Closed(code.unwrap_or_default()), "{path}"),
        }
    }
}

#[tokio::test]
async fn a_ticket_opens_one_stream() {
    let server = TestServer::start().await;
    let issue = server.request(Method::POST, "/api/v1/auth/ws-ticket").bearer_auth(&server.ada);
    let issued: Value = issue.send().await.expect("an answer").json().await.expect("JSON");
    let path = format!("{LIVE}?ticket={}&interval=1", issued["ticket"].as_str().expect("a ticket"));
    let mut socket = open(&server, &path, &[]).await;
    assert!(matches!(hear(&mut socket).await, Heard::Text(hello) if hello["interval_seconds"] == 1));
    let mut again = open(&server, &path, &[]).await;
    assert_eq!(hear(&mut again).await, Heard::Closed(4401));
}

#[tokio::test]
async fn one_user_does_not_take_all_streams() {
    let server = TestServer::start_with(&[("LIMITS__LIVE_STREAMS", "1")]).await;
    let path = format!("{LIVE}?token={}", server.ada);
    let mut first = open(&server, &path, &[]).await;
    assert!(matches!(hear(&mut first).await, Heard::Text(_)));
    assert_eq!(hear(&mut open(&server, &path, &[]).await).await, Heard::Closed(1013));
    let others = format!("{LIVE}?token={}", server.eve);
    assert_eq!(hear(&mut open(&server, &others, &[]).await).await, Heard::Closed(4404));
    drop(first);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(matches!(hear(&mut open(&server, &path, &[]).await).await, Heard::Text(_)));
}

#[tokio::test]
async fn a_stream_ends_with_its_database_or_the_server() {
    let server = TestServer::start().await;
    let path = format!("{LIVE}?token={}", server.ada);
    let mut socket = open(&server, &path, &[]).await;
    assert!(matches!(hear(&mut socket).await, Heard::Text(hello) if hello["type"] == "hello"));
    let Heard::Text(status) = hear(&mut socket).await else { panic!("no status frame") };
    assert_eq!((&status["type"], &status["status"]), (&"status".into(), &"disconnected".into()));
    assert!(status["last_error"].as_str().is_some_and(|error| !error.contains("hunter2")));
    server.app.supervisor.unwatch(server.database).await;
    assert_eq!(hear(&mut socket).await, Heard::Closed(4404));

    let (_sender, held) = watch::channel(None);
    let server = following(held, Duration::from_secs(1), None).await;
    let mut socket = open(&server, "/live", &[]).await;
    assert!(matches!(hear(&mut socket).await, Heard::Text(_)));
    server.app.shutdown.cancel();
    assert_eq!(hear(&mut socket).await, Heard::Closed(1012));
    drop(socket);
    timeout(Duration::from_secs(5), server.running).await.expect("stops in time").expect("stops well");
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let server = TestServer::start().await;
    let token = server.short_token(Duration::from_secs(2)).await;
    let principal =
        server.app.accounts.authenticate_token(&token, Timestamp::now()).await.expect("still good");
    let crate::auth::Credential::Token { expires_at, .. } = principal.credential else { panic!("a key") };
    let (_sender, receiver) = watch::channel(None);
    let server = following(receiver, Duration::from_secs(1), Some(expires_at)).await;
    let mut socket = open(&server, "/live", &[]).await;
    assert!(matches!(hear(&mut socket).await, Heard::Text(_)));
    assert_eq!(hear(&mut socket).await, Heard::Closed(4401));
    assert!(Timestamp::now() >= expires_at);
}

/// A server whose `/live` follows `live`.
async fn following(
    live: watch::Receiver<Option<Live>>,
    interval: Duration,
    expires_at: Option<Timestamp>,
) -> TestServer {
    let route = Route::get("/live", "", Public, move |mut request: Request, _: Anonymous| {
        let live = live.clone();
        async move {
            let upgrade = request.take_upgrade().ok_or(ApiError::UpgradeRequired)?;
            let slot = request.app.live_streams.open();
            let session =
                Session { database_id: DatabaseId::generate(), interval, expires_at, access: None, live };
            Answer::Ok(live::run(upgrade, Ok(session), request.app.shutdown.clone(), slot))
        }
    });
    TestServer::with_routes(vec![route]).await
}

fn snapshot(seq: u64, padding: usize) -> Option<Live> {
    let frame = format!("{{\"type\":\"snapshot\",\"seq\":{seq},\"padding\":\"{}\"}}", "x".repeat(padding));
    let snapshot = Arc::new(ActivitySnapshot { at: Timestamp(0), queries: Vec::new() });
    Some(Live::Snapshot { seq, snapshot, frame: frame.into() })
}

fn seq(heard: &Heard) -> Option<u64> {
    match heard {
        Heard::Text(frame) => frame["seq"].as_u64(),
        _ => None,
    }
}

#[tokio::test]
async fn everyone_gets_the_newest_at_its_own_pace_and_nothing_twice() {
    let (sender, receiver) = watch::channel(snapshot(1, 0));
    let server = following(receiver, Duration::from_secs(1), None).await;
    let mut socket = open(&server, "/live", &[]).await;
    let hello = hear(&mut socket).await;
    assert_eq!(seq(&hello), None);
    assert_eq!(seq(&hear(&mut socket).await), Some(1));
    for number in 2..=5 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        sender.send_replace(snapshot(number, 0));
    }
    assert_eq!(seq(&hear(&mut socket).await), Some(5));

    let away = Live::Disconnected { frame: "{\"type\":\"status\"}".into() };
    sender.send_replace(Some(away));
    assert_eq!(hear(&mut socket).await, Heard::Text(serde_json::json!({"type": "status"})));
    let silence = timeout(Duration::from_millis(1500), hear(&mut socket)).await;
    assert!(silence.is_err(), "nothing new, yet {silence:?}");
    socket.send(Message::text("chatter is ignored")).await.expect("an open socket");
    sender.send_replace(snapshot(6, 0));
    assert_eq!(seq(&hear(&mut socket).await), Some(6));
}

#[tokio::test]
async fn a_client_that_leaves_is_answered_and_its_slot_freed() {
    let (_sender, receiver) = watch::channel(None);
    let server = following(receiver, Duration::from_secs(1), None).await;
    let mut socket = open(&server, "/live", &[]).await;
    assert!(matches!(hear(&mut socket).await, Heard::Text(_)));
    let goodbye = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
    socket.send(Message::Close(Some(goodbye))).await.expect("an open socket");
    assert_eq!(hear(&mut socket).await, Heard::Closed(1000));
    server.app.live_streams.close();
    timeout(Duration::from_secs(1), server.app.live_streams.wait()).await.expect("no stream is open");
}

#[tokio::test]
async fn a_slow_reader_skips_and_slows_nobody() {
    let (sender, receiver) = watch::channel(None);
    let server = following(receiver, Duration::from_millis(10), None).await;
    let mut slow = open(&server, "/live", &[]).await;
    let mut quick = open(&server, "/live", &[]).await;
    assert!(matches!(hear(&mut quick).await, Heard::Text(_)));
    for number in 1..=40 {
        sender.send_replace(snapshot(number, 1_000_000));
        assert_eq!(seq(&hear(&mut quick).await), Some(number));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut heard = Vec::new();
    while heard.last() != Some(&40) {
        heard.extend(seq(&hear(&mut slow).await));
    }
    assert!(heard.len() < 40, "40 MB were kept for a reader that did not read: {heard:?}");
    assert!(heard.is_sorted_by(|a, b| a < b), "{heard:?}");
}
