//! Compression of responses with gzip.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};
use warp::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue, VARY};

use crate::blocking;
use crate::http::Response;

/// Below this, a compressed body saves no packet.
const MIN_BYTES: usize = 1024;

/// Compresses a body that is worth it, for a caller that takes gzip.
pub(in crate::http) fn compress(response: &mut Response, gzip: bool) {
    if response.body().len() < MIN_BYTES || response.headers().contains_key(CONTENT_ENCODING) {
        return;
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    if !gzip {
        return;
    }
    match blocking::with_bytes(response.body().len(), || gzipped(response.body())) {
        Ok(compressed) => {
            *response.body_mut() = compressed.into();
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Err(error) => tracing::error!(%error, "an answer is sent without compression: compressing it failed"),
    }
}

/// At level 1: most of the gain for a fraction of the time.
fn gzipped(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// Whether `coding` is named in `Accept-Encoding`, or covered by `*`, and not ruled out by `q=0`.
pub(in crate::http) fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let mut by_star = false;
    let codings = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for item in codings.flat_map(|value| value.split(',')) {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let refused =
            parameters.trim().strip_prefix("q=").and_then(|q| q.trim().parse().ok()) == Some(0.0_f32);
        match name.trim() {
            name if name.eq_ignore_ascii_case(coding) => return !refused,
            "*" => by_star = !refused,
            _ => {}
        }
    }
    by_star
}

#[cfg(test)]
mod tests {
    use warp::http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};

    use super::{accepts, compress};
    use crate::http::response::list;

    fn accepting(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_str(value).expect("a header"))])
    }

    #[test]
    fn reads_accept_encoding() {
        let cases = [
            ("gzip", true),
            ("GZIP", true),
            ("br, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("*", true),
            ("*;q=0.0", false),
            ("identity", false),
            ("", false),
        ];
        for (value, expected) in cases {
            assert_eq!(accepts(&accepting(value), "gzip"), expected, "{value}");
        }
    }

    #[test]
    fn compresses_only_what_is_worth_it() {
        let mut short = list(&["x"], 1).expect("an answer");
        compress(&mut short, true);
        assert!(!short.headers().contains_key("content-encoding"));

        let rows = vec!["the same text again"; 200];
        let mut long = list(&rows, 200).expect("an answer");
        let plain = long.body().clone();
        compress(&mut long, true);
        assert_eq!(long.headers()["content-encoding"], "gzip");
        assert!(long.body().len() < plain.len() / 4);
        let mut unpacked = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&long.body()[..]), &mut unpacked)
            .expect("valid gzip");
        assert_eq!(unpacked, plain);
    }
}
