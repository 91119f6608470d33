//! What plays a server of ClickHouse.

use tokio::io::{self, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::fake_server::{FakeServer, drip, hear, repeat};

const ENDLESS: usize = usize::MAX;
const OK: &str = "HTTP/1.1 200 OK\r\nX-ClickHouse-Format: JSONCompact\r\n";
const META: &str = "{\"meta\":[{\"name\":\"setting_name\"},{\"name\":\"setting_value\"}],\"data\":[";

#[derive(Debug, Clone, Copy)]
pub(super) enum Behavior {
    /// An internal service with a secret.
    AnotherService,
    /// 57 MB of small cells.
    Cells,
    /// As many as there is room for.
    CellsWithinBudget,
    /// One text without end.
    Text,
    Chunks,
    Error,
    Headers,
    /// What unpacks to gigabytes.
    Compressed,
    Drip,
    /// Repeats our own password.
    Password,
}

/// Each with words of what is told of it.
pub(super) const BEHAVIORS: [(Behavior, &str); 10] = [
    (Behavior::AnotherService, "does not answer as ClickHouse: something else came back"),
    (Behavior::Cells, "the server's answer exceeds"),
    (Behavior::CellsWithinBudget, "does not answer as ClickHouse"),
    (Behavior::Text, "the server's answer exceeds"),
    (Behavior::Chunks, "the server"),
    (Behavior::Error, "[cut]"),
    (Behavior::Headers, "failed"),
    (Behavior::Compressed, "does not answer as ClickHouse"),
    (Behavior::Drip, "did not answer within"),
    (Behavior::Password, "near ***"),
];

pub(super) async fn start(behavior: Behavior) -> FakeServer {
    FakeServer::start(move |client| talk(client, behavior)).await
}

async fn talk(mut client: TcpStream, behavior: Behavior) -> io::Result<()> {
    let heard = hear(&mut client).await?;
    let mut say = async |text: String| client.write_all(text.as_bytes()).await;
    match behavior {
        Behavior::AnotherService => {
            say("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"secret_key\": \"hunter2\", \"Code: \": 1}"
                .to_owned())
            .await
        }
        Behavior::Cells | Behavior::CellsWithinBudget => {
            let bytes = if matches!(behavior, Behavior::Cells) { 57_000_000 } else { 15_000_000 };
            say(format!("{OK}Connection: close\r\n\r\n{META}")).await?;
            repeat(&mut client, b"[1,1],", bytes).await?;
            client.write_all(b"[1,1]]}").await
        }
        Behavior::Text => {
            say(format!("{OK}Connection: close\r\n\r\n{META}[\"")).await?;
            repeat(&mut client, b"hunter2 ", ENDLESS).await
        }
        Behavior::Chunks => {
            say(format!("{OK}Transfer-Encoding: chunked\r\n\r\n")).await?;
            repeat(&mut client, b"1\r\n \r\n", ENDLESS).await
        }
        Behavior::Error => {
            say("HTTP/1.1 500 E\r\nX-ClickHouse-Exception-Code: 7\r\n\r\nCode: 7. DB::Exception: ".to_owned()).await?;
            repeat(&mut client, b"too long ", 64 << 20).await
        }
        Behavior::Headers => {
            say(OK.to_owned()).await?;
            repeat(&mut client, b"X-Header: hunter2\r\n", ENDLESS).await
        }
        Behavior::Compressed => {
            say(format!("{OK}Content-Encoding: gzip\r\n\r\n")).await?;
            repeat(&mut client, &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0], ENDLESS).await
        }
        Behavior::Drip => {
            say(OK.to_owned()).await?;
            drip(&mut client, b"X-Header: hunter2\r\n").await
        }
        Behavior::Password => {
            let heard = String::from_utf8_lossy(&heard).into_owned();
            let key =
                heard.lines().find_map(|line| line.strip_prefix("x-clickhouse-key: ")).unwrap_or_default();
            say(format!("{OK}Connection: close\r\n\r\nCode: 62. DB::Exception: near {key}")).await
        }
    }
}
