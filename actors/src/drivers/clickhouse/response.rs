//! Reads HTTP responses, of anything other than ClickHouse only the beginning.

use std::error::Error;

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_ENCODING;
use http::response::Parts;
use http_body_util::BodyExt;

use super::error::{ENGINE, Peer, is_exception};
use crate::collect::CollectError;
use crate::drivers::budget::{MAX_REPLY_BYTES, REPLY_TOO_LARGE};

/// How much is read of a response without rows.
const MAX_ERROR_BYTES: usize = 16 << 10;

/// The body of a response.
pub(super) enum Response {
    /// The whole reply to a query.
    Rows(Vec<u8>),
    /// The beginning of an exception.
    Exception(String),
}

/// Reads the response of ClickHouse; of another HTTP server, as much as is needed to recognize that.
pub(super) async fn read<B>(response: http::Response<B>, peer: &Peer) -> Result<Response, CollectError>
where
    B: BodyExt<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
{
    let (head, mut body) = response.into_parts();
    // no compression was requested
    let is_plain = !head.headers.contains_key(CONTENT_ENCODING);
    if head.status == StatusCode::OK && is_clickhouse(&head) && is_plain {
        let answer = collect(&mut body, usize::try_from(MAX_REPLY_BYTES).unwrap_or(usize::MAX), peer).await?;
        return answer.map(Response::Rows).map_err(|_| REPLY_TOO_LARGE.error(&peer.address, ENGINE));
    }
    let (Ok(text) | Err(text)) = collect(&mut body, MAX_ERROR_BYTES, peer).await?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let is_its_own = is_plain && (is_clickhouse(&head) || is_exception(&text));
    if is_its_own { Ok(Response::Exception(text)) } else { Err(peer.not_clickhouse(&text)) }
}

/// Whether the headers are those of ClickHouse: sent since 18.12, and passed on by proxies.
fn is_clickhouse(head: &Parts) -> bool {
    head.headers.keys().any(|name| name.as_str().starts_with("x-clickhouse-"))
}

/// Returns the whole body, or as an error its beginning if it is longer than `most` bytes.
async fn collect<B>(body: &mut B, most: usize, peer: &Peer) -> Result<Result<Vec<u8>, Vec<u8>>, CollectError>
where
    B: BodyExt<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
{
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| peer.network_error(&error))?;
        let data = frame.data_ref().map_or(&[][..], |data| &data[..]);
        let room = data.len().min(most - read.len());
        read.extend_from_slice(&data[..room]);
        if room < data.len() {
            return Ok(Err(read));
        }
    }
    Ok(Ok(read))
}
