//! What plays a server of PostgreSQL.

use tokio::io::{self, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::fake_server::{FakeServer, drip, hear, repeat};

const ENDLESS: usize = usize::MAX;
/// The columns of the first question that is asked.
const COLUMNS: [&str; 14] = [
    "version",
    "version_num",
    "started_at",
    "database",
    "role",
    "role_oid",
    "statements_version",
    "statements_schema",
    "in_recovery",
    "statements_loaded",
    "backend",
    "lock_timeout",
    "flavour",
    "block_bytes",
];
const TEXT: u32 = 25;
/// No type of PostgreSQL's own: it is looked up.
const UNKNOWN: u32 = 70_000;
/// The columns of that look-up, by their types: name, char, oid.
const TYPE_COLUMNS: [(&str, u32); 7] = [
    ("typname", 19),
    ("typtype", 18),
    ("typelem", 26),
    ("rngsubtype", 26),
    ("typbasetype", 26),
    ("nspname", 19),
    ("typrelid", 26),
];

/// What is played, beginning with those at connect.
#[derive(Debug, Clone, Copy)]
pub(super) enum Behavior {
    AnotherProtocol,
    ClaimAtConnect,
    ParametersAtConnect,
    DripAtConnect,
    RowClaim,
    ErrorClaim,
    Rows,
    Parameters,
    Notices,
    /// Each type is an array of the next.
    Types,
}

/// Each with words of what is told of it; on a slow machine small messages take longer than an answer may.
pub(super) const BEHAVIORS: [(Behavior, &str); 10] = [
    (Behavior::AnotherProtocol, "does not answer as PostgreSQL"),
    (Behavior::ClaimAtConnect, "does not answer as PostgreSQL"),
    (Behavior::ParametersAtConnect, "what the server sends at connect exceeds"),
    (Behavior::DripAtConnect, "took longer than"),
    (Behavior::RowClaim, "a row of the server's answer exceeds"),
    (Behavior::ErrorClaim, "an error of the server exceeds"),
    (Behavior::Rows, "the server"),
    (Behavior::Parameters, "the server's answer exceeds"),
    (Behavior::Notices, "the server's answer exceeds"),
    (Behavior::Types, "one round trip after another"),
];

pub(super) async fn start(behavior: Behavior) -> FakeServer {
    FakeServer::start(move |client| talk(client, behavior)).await
}

async fn talk(mut client: TcpStream, behavior: Behavior) -> io::Result<()> {
    hear(&mut client).await?;
    match behavior {
        Behavior::AnotherProtocol => {
            return client.write_all(b"ERROR: hunter2 is the password of the internal service\r\n").await;
        }
        Behavior::ClaimAtConnect => {
            client.write_all(&header(b'E', i32::MAX as usize)).await?;
            return repeat(&mut client, b"hunter2 ", ENDLESS).await;
        }
        _ => client.write_all(&message(b'R', &[0; 4])).await?,
    }
    match behavior {
        Behavior::ParametersAtConnect => return repeat(&mut client, &parameter(), ENDLESS).await,
        Behavior::DripAtConnect => return drip(&mut client, &parameter()).await,
        _ => {}
    }
    client.write_all(&[message(b'K', &[0; 8]), ready()].concat()).await?;
    hear(&mut client).await?;
    client.write_all(&shown("idle_in_transaction_session_timeout", b"10s")).await?;
    for _ in 0..3 {
        hear(&mut client).await?;
        client.write_all(&[message(b'C', b"SET\0"), ready()].concat()).await?;
    }
    hear(&mut client).await?;
    let of_type = if matches!(behavior, Behavior::Types) { UNKNOWN } else { TEXT };
    client.write_all(&described(&COLUMNS.map(|name| (name, of_type)), 0)).await?;
    if matches!(behavior, Behavior::Types) {
        return types(&mut client).await;
    }
    hear(&mut client).await?;
    client.write_all(&message(b'2', b"")).await?;
    match behavior {
        Behavior::RowClaim => client.write_all(&header(b'D', i32::MAX as usize)).await?,
        Behavior::ErrorClaim => client.write_all(&header(b'E', 64 << 20)).await?,
        _ => {}
    }
    let piece = match behavior {
        Behavior::Rows => message(b'D', &[&[0, 14], &[0xff; 4 * 14][..]].concat()),
        Behavior::Parameters => parameter(),
        Behavior::Notices => {
            message(b'N', &[&b"SNOTICE\0C00000\0M"[..], &b"hunter2 ".repeat(1_000), b"\0\0"].concat())
        }
        _ => vec![b'x'],
    };
    repeat(&mut client, &piece, ENDLESS).await
}

async fn types(client: &mut TcpStream) -> io::Result<()> {
    hear(client).await?;
    client.write_all(&described(&TYPE_COLUMNS, 1)).await?;
    for element in UNKNOWN + 1.. {
        hear(client).await?;
        let element = element.to_be_bytes();
        let cells: [Option<&[u8]>; 7] =
            [Some(b"x"), Some(b"b"), Some(&element), None, Some(&[0; 4]), Some(b"public"), Some(&[0; 4])];
        let cells = cells.map(|cell| match cell {
            Some(cell) => [&u32::try_from(cell.len()).expect("short").to_be_bytes()[..], cell].concat(),
            None => vec![0xff; 4],
        });
        let row = message(b'D', &[vec![0, 7], cells.concat()].concat());
        let answer = [message(b'2', b""), row, message(b'C', b"SELECT 1\0"), ready()];
        client.write_all(&answer.concat()).await?;
    }
    Ok(())
}

fn header(tag: u8, body: usize) -> Vec<u8> {
    let length = u32::try_from(body.saturating_add(4)).expect("a length").to_be_bytes();
    [&[tag], &length[..]].concat()
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    [header(tag, body.len()), body.to_vec()].concat()
}

fn parameter() -> Vec<u8> {
    message(b'S', b"application_name\0hunter2\0")
}

fn ready() -> Vec<u8> {
    message(b'Z', b"I")
}

/// The answer to SHOW.
fn shown(name: &str, value: &[u8]) -> Vec<u8> {
    let column = [&[0, 1], name.as_bytes(), &[0; 7], &TEXT.to_be_bytes(), &[0; 8]].concat();
    let length = u32::try_from(value.len()).expect("short").to_be_bytes();
    let row = [&[0, 1], &length[..], value].concat();
    [message(b'T', &column), message(b'D', &row), message(b'C', b"SHOW\0"), ready()].concat()
}

/// A prepared statement with so many parameters, each an oid.
fn described(columns: &[(&str, u32)], parameters: u8) -> Vec<u8> {
    let mut rows = u16::try_from(columns.len()).expect("few").to_be_bytes().to_vec();
    for (name, of_type) in columns {
        rows.extend(name.as_bytes());
        rows.extend([0; 7]);
        rows.extend(of_type.to_be_bytes());
        rows.extend([0; 8]);
    }
    let oids = [0, 0, 0, 26].repeat(parameters.into());
    [message(b'1', b""), message(b't', &[vec![0, parameters], oids].concat()), message(b'T', &rows), ready()]
        .concat()
}
