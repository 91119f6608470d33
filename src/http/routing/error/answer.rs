//! The one place that turns an error into an answer.

use std::borrow::Cow;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use warp::http::header::{ALLOW, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, UPGRADE, WWW_AUTHENTICATE};

use super::{ApiError, whole_seconds};
use crate::http::routing::{Response, response};
use crate::log_limit::LogLimit;
use crate::quota::QuotaExceeded;

/// Messages contain names of fields as the caller sent them, which are only limited by the size of the body.
const MOST_ERROR_CHARACTERS: usize = 1_000;
const MOST_FIELD_CHARACTERS: usize = 200;

#[derive(Serialize)]
struct Body<'a> {
    error: String,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    quota: Option<Exceeded>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// Which quota, and how many it allows.
#[derive(Serialize)]
struct Exceeded {
    quota: &'static str,
    limit: u64,
}

impl ApiError {
    /// The answer to request `request_id`. Internal errors are logged here, once.
    #[must_use]
    pub fn into_response(self, request_id: &str) -> Response {
        let (status, code) = self.kind();
        match &self {
            Self::Internal(source) => {
                tracing::error!(request.id = request_id, error = %source, code, "a request failed");
            }
            Self::Storage(source) => log_unavailable_storage(request_id, source.as_ref()),
            _ => {}
        }
        let field = match &self {
            Self::Invalid { field, .. } | Self::Conflict { field, .. } => field.as_deref(),
            _ => None,
        };
        let request_id = matches!(self, Self::Internal(_)).then_some(request_id);
        let quota = match &self {
            Self::QuotaExceeded(QuotaExceeded { quota, most }) => {
                Some(Exceeded { quota: quota.name(), limit: *most })
            }
            _ => None,
        };
        let field = field.map(|field| shortened(field, MOST_FIELD_CHARACTERS));
        let error = shortened(&self.to_string(), MOST_ERROR_CHARACTERS).into_owned();
        let body = Body { error, code, field: field.as_deref(), quota, request_id };
        let mut response = response::json(status, &body).unwrap_or_else(|_| response::empty(status));
        self.add_headers(response.headers_mut());
        response
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        match self {
            Self::Unauthenticated { .. } => set(WWW_AUTHENTICATE, "Bearer realm=\"basira\""),
            Self::MethodNotAllowed { allow } => set(ALLOW, allow),
            Self::UpgradeRequired => set(UPGRADE, "websocket"),
            Self::TooManyRequests { retry_after } | Self::Unavailable { retry_after, .. } => {
                set(RETRY_AFTER, &whole_seconds(*retry_after).to_string());
            }
            Self::Storage(_) => set(RETRY_AFTER, "5"),
            Self::QuotaExceeded(exceeded) if exceeded.quota.is_transient() => set(RETRY_AFTER, "5"),
            _ => {}
        }
    }
}

/// While the storage is unavailable, every request fails: logs one of them a minute.
fn log_unavailable_storage(request_id: &str, error: &(dyn Error + Send + Sync)) {
    static LIMIT: Mutex<LogLimit> = Mutex::new(LogLimit::new(Duration::from_secs(60)));
    let due = LIMIT.lock().unwrap_or_else(PoisonError::into_inner).occurred(Instant::now());
    if let Some(failures) = due {
        tracing::error!(request.id = request_id, %error, failures, "requests fail because the storage is unavailable");
    }
}

/// The beginning of `text`, if it has more than `most` characters.
fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", &text[..end]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{ApiError, Response};

    fn answer(error: ApiError) -> (u16, Value, Response) {
        let response = error.into_response("the-request");
        let body = serde_json::from_slice(response.body()).expect("errors are JSON");
        (response.status().as_u16(), body, response)
    }

    #[test]
    fn names_the_field() {
        let (status, body, _) = answer(ApiError::field("limit", "must be from 1 to 100"));
        assert_eq!(status, 400);
        assert_eq!(
            body,
            json!({"error": "limit must be from 1 to 100", "code": "invalid_field", "field": "limit"})
        );
    }

    #[test]
    fn long_names_of_fields_are_cut() {
        let (_, body, _) = answer(ApiError::field("ä".repeat(1_000_000), "must be a string"));
        let length = |name: &str| body[name].as_str().map(|text| text.chars().count());
        assert_eq!((length("field"), length("error")), (Some(203), Some(1_003)));
    }

    #[test]
    fn does_not_show_internal_errors() {
        let (status, body, _) = answer(ApiError::internal("password=hunter2"));
        assert_eq!(status, 500);
        assert_eq!(
            body,
            json!({"error": "internal error", "code": "internal_error", "request_id": "the-request"})
        );
    }

    #[test]
    fn says_when_to_try_again() {
        let wait = Duration::from_millis(1500);
        let (status, body, response) = answer(ApiError::unavailable("busy", wait));
        assert_eq!((status, body["error"].as_str()), (503, Some("busy: try again in 2 s")));
        assert_eq!(response.headers()["retry-after"], "2");
        let (_, _, response) = answer(ApiError::unauthenticated("unauthenticated", "who is there?"));
        assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"basira\"");
    }
}
