//! Answers: JSON bodies and the headers that go with them.

use std::io::{self, Write};

use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use warp::http::StatusCode;
use warp::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};

use super::ApiError;
use crate::blocking::{self, LONG_WORK_BYTES};

/// An answer, with its whole body in memory.
pub type Response = warp::http::Response<Bytes>;

/// What a handler returns.
pub type Answer = Result<Response, ApiError>;

const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");
const UNAVAILABLE_REASON: HeaderName = HeaderName::from_static("x-unavailable-reason");

/// What is percent-encoded in a reason, besides what is not ASCII.
const UNPRINTABLE: &AsciiSet = &CONTROLS.add(b'%');
/// A reason may contain names of a watched server, of any length.
const MOST_REASON_CHARACTERS: usize = 500;

/// An answer without a body.
#[must_use]
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// 204.
#[must_use]
pub fn no_content() -> Response {
    empty(StatusCode::NO_CONTENT)
}

/// `value` as JSON.
///
/// # Errors
/// When `value` cannot be serialised, which is a bug.
pub fn json<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Result<Response, serde_json::Error> {
    let mut response = Response::new(to_json(value)?.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// A short text is serialised on this thread; a long one is started again on a thread for blocking work.
fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut short = ShortText::default();
    match serde_json::to_writer(&mut short, value) {
        Err(_) if short.is_full => blocking::blocking(|| serde_json::to_vec(value)),
        made => made.map(|()| short.bytes),
    }
}

/// Fails at [`LONG_WORK_BYTES`].
#[derive(Default)]
struct ShortText {
    bytes: Vec<u8>,
    is_full: bool,
}

impl Write for ShortText {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + text.len() >= LONG_WORK_BYTES {
            self.is_full = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// 200 with `value` as JSON.
///
/// # Errors
/// As [`json`].
pub fn ok<T: Serialize + ?Sized>(value: &T) -> Answer {
    Ok(json(StatusCode::OK, value)?)
}

/// 201 with `value` as JSON.
///
/// # Errors
/// As [`json`].
pub fn created<T: Serialize + ?Sized>(value: &T) -> Answer {
    Ok(json(StatusCode::CREATED, value)?)
}

/// 200 with an array; `total` is the number of rows before the limit.
///
/// # Errors
/// As [`json`].
pub fn list<T: Serialize>(rows: &[T], total: usize) -> Answer {
    let mut response = json(StatusCode::OK, rows)?;
    response.headers_mut().insert(TOTAL_COUNT, HeaderValue::from(total));
    Ok(response)
}

/// As [`list`], of one page of the rows in the storage.
///
/// # Errors
/// As [`json`].
pub fn page<T: Serialize>(rows: &[T], total: u64) -> Answer {
    list(rows, usize::try_from(total).map_err(ApiError::internal)?)
}

/// 200 with an empty array, and why it is empty.
///
/// # Errors
/// As [`json`].
pub fn unavailable_list(reason: &str) -> Answer {
    list_with_reason(&[] as &[()], 0, Some(reason))
}

/// As [`list`]; with a reason, the list is empty, out of date or incomplete.
///
/// # Errors
/// As [`json`].
pub fn list_with_reason<T: Serialize>(rows: &[T], total: usize, reason: Option<&str>) -> Answer {
    let response = list(rows, total)?;
    match reason {
        Some(reason) => with_reason(response, reason),
        None => Ok(response),
    }
}

/// As [`ok`]; with a reason, the value is out of date or incomplete.
///
/// # Errors
/// As [`json`].
pub fn ok_with_reason<T: Serialize + ?Sized>(value: &T, reason: Option<&str>) -> Answer {
    let response = ok(value)?;
    match reason {
        Some(reason) => with_reason(response, reason),
        None => Ok(response),
    }
}

/// What is not printable ASCII is percent-encoded as UTF-8, as is `%`, so that `decodeURIComponent` returns the reason.
fn with_reason(mut response: Response, reason: &str) -> Answer {
    let reason: String = reason.chars().take(MOST_REASON_CHARACTERS).collect();
    let encoded = utf8_percent_encode(&reason, UNPRINTABLE).to_string();
    let value = HeaderValue::from_str(&encoded).map_err(ApiError::internal)?;
    response.headers_mut().insert(UNAVAILABLE_REASON, value);
    Ok(response)
}

/// Removes the body and keeps the headers of a GET, for HEAD.
pub fn drop_body(response: &mut Response) {
    let length = HeaderValue::from(response.body().len());
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response.body_mut().clear();
}

#[cfg(test)]
mod tests {
    use super::{LONG_WORK_BYTES, ok, unavailable_list};

    #[test]
    fn answers_around_the_limit_of_short_texts_are_complete() {
        for characters in [LONG_WORK_BYTES - 3, LONG_WORK_BYTES - 2, LONG_WORK_BYTES - 1, 3 * LONG_WORK_BYTES]
        {
            let text = "x".repeat(characters);
            let answer = ok(&text).expect("an answer");
            assert_eq!(answer.body().len(), characters + 2);
            assert_eq!(serde_json::from_slice::<String>(answer.body()).expect("JSON"), text);
        }
    }

    #[test]
    fn an_unavailable_reason_is_always_a_valid_header() {
        let response = unavailable_list("naïve\nreason of 80%").expect("an answer");
        assert_eq!(response.headers()["x-unavailable-reason"], "na%C3%AFve%0Areason of 80%25");
        assert_eq!(response.headers()["x-total-count"], "0");
    }
}
