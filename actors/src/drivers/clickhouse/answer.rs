//! What comes back over HTTP, read no further than it is of use.

use std::error::Error;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::response::Parts;
use http::{Response, StatusCode};
use http_body_util::BodyExt;

use super::super::budget::{ANSWER_BYTES, TOO_LONG};
use super::error::{ENGINE, Peer, is_exception};
use crate::collect::CollectError;

/// How much is read of a text that is no answer.
const REFUSAL_BYTES: usize = 16 << 10;

/// What came.
pub(super) enum Came {
    /// Of ClickHouse, whole.
    Answer(Vec<u8>),
    /// The beginning of why there is none.
    Refusal(String),
}

/// Reads what ClickHouse says; of anything else that speaks HTTP only so much as tells that it is something else.
pub(super) async fn read<B>(response: Response<B>, peer: &Peer) -> Result<Came, CollectError>
where
    B: BodyExt<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
{
    let (head, mut body) = response.into_parts();
    // nothing else was asked for
    let is_plain = !head.headers.contains_key(CONTENT_ENCODING);
    if head.status == StatusCode::OK && is_clickhouse(&head) && is_plain {
        let answer = collect(&mut body, usize::try_from(ANSWER_BYTES).unwrap_or(usize::MAX), peer).await?;
        return answer.map(Came::Answer).map_err(|_| TOO_LONG.error(&peer.address, ENGINE));
    }
    let (Ok(text) | Err(text)) = collect(&mut body, REFUSAL_BYTES, peer).await?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let is_its_own = is_plain && (is_clickhouse(&head) || is_exception(&text));
    if is_its_own { Ok(Came::Refusal(text)) } else { Err(peer.foreign(&text)) }
}

/// Every version since 18.12 says so; a proxy in between passes it on.
fn is_clickhouse(head: &Parts) -> bool {
    head.headers.keys().any(|name| name.as_str().starts_with("x-clickhouse-"))
}

/// The whole body, or its beginning where it is longer than `most` bytes.
async fn collect<B>(body: &mut B, most: usize, peer: &Peer) -> Result<Result<Vec<u8>, Vec<u8>>, CollectError>
where
    B: BodyExt<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
{
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| peer.network(&error))?;
        let data = frame.data_ref().map_or(&[][..], |data| &data[..]);
        let room = data.len().min(most - read.len());
        read.extend_from_slice(&data[..room]);
        if room < data.len() {
            return Ok(Err(read));
        }
    }
    Ok(Ok(read))
}
