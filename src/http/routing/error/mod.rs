//! Every way a request can fail, and the one place that turns it into an answer.

mod convert;

use std::borrow::Cow;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use warp::http::StatusCode;
use warp::http::header::{ALLOW, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, UPGRADE, WWW_AUTHENTICATE};

use super::{Response, response};
use crate::log_limit::LogLimit;
use crate::quota::QuotaExceeded;

/// Why a request is refused. `Display` is what the caller reads.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("{message}")]
    Invalid { code: &'static str, field: Option<Cow<'static, str>>, message: Cow<'static, str> },
    #[error("{message}")]
    Unauthenticated { code: &'static str, message: Cow<'static, str> },
    #[error("{message}")]
    Forbidden { code: &'static str, message: Cow<'static, str> },
    #[error("no such {what}")]
    NotFound { what: &'static str },
    #[error("this path answers to {allow} only")]
    MethodNotAllowed { allow: String },
    #[error("the body did not arrive in time")]
    BodyTimeout,
    #[error("{message}")]
    Conflict { code: &'static str, field: Option<Cow<'static, str>>, message: Cow<'static, str> },
    #[error("the body must not exceed {limit_bytes} bytes")]
    BodyTooLarge { limit_bytes: usize },
    #[error("the body must be JSON: send Content-Type: application/json")]
    UnsupportedMediaType,
    #[error("the path and query must not exceed {limit_bytes} bytes")]
    UriTooLong { limit_bytes: usize },
    #[error("this path speaks WebSocket only: ask for an upgrade")]
    UpgradeRequired,
    #[error("too many requests: try again in {} s", whole_seconds(*retry_after))]
    TooManyRequests { retry_after: Duration },
    #[error(transparent)]
    QuotaExceeded(#[from] QuotaExceeded),
    #[error("{message}: try again in {} s", whole_seconds(*retry_after))]
    Unavailable { message: Cow<'static, str>, retry_after: Duration },
    #[error("storage is not available: try again in a few seconds")]
    Storage(#[source] Box<dyn Error + Send + Sync>),
    #[error("internal error")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

/// Messages name fields as the caller called them, and those have no limit but the body's.
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
    /// 400: `field` is not as it `must` be; the message reads "`field` `must`".
    pub fn field(field: impl Into<Cow<'static, str>>, must: impl AsRef<str>) -> Self {
        let field = field.into();
        let message = format!("{field} {}", must.as_ref()).into();
        Self::Invalid { code: "invalid_field", field: Some(field), message }
    }

    /// 400: the request as a whole does not fit.
    pub fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid { code, field: None, message: message.into() }
    }

    /// 401: who is asking?
    pub fn unauthenticated(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Unauthenticated { code, message: message.into() }
    }

    /// 403: known, but not allowed.
    pub fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Forbidden { code, message: message.into() }
    }

    /// 404; also for what belongs to another organization.
    #[must_use]
    pub const fn not_found(what: &'static str) -> Self {
        Self::NotFound { what }
    }

    /// 409: somebody was first.
    pub fn conflict(
        code: &'static str,
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Conflict { code, field: Some(field.into()), message: message.into() }
    }

    /// 409: things are not as they must be for this.
    pub fn conflict_of_state(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict { code, field: None, message: message.into() }
    }

    /// 503: not now, but soon.
    pub fn unavailable(message: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::Unavailable { message: message.into(), retry_after }
    }

    /// 500: a fault of ours. Logged with the request's id; the caller sees nothing of it.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// 503: storage failed. Logged once a minute, with the request's id.
    pub fn storage(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Storage(source.into())
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// Status and stable code, for each kind of refusal.
    const fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Invalid { code, .. } => (StatusCode::BAD_REQUEST, code),
            Self::Unauthenticated { code, .. } => (StatusCode::UNAUTHORIZED, code),
            Self::Forbidden { code, .. } => (StatusCode::FORBIDDEN, code),
            Self::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "body_timeout"),
            Self::Conflict { code, .. } => (StatusCode::CONFLICT, code),
            Self::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::UriTooLong { .. } => (StatusCode::URI_TOO_LONG, "uri_too_long"),
            Self::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "upgrade_required"),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::QuotaExceeded(exceeded) if exceeded.quota.is_transient() => {
                (StatusCode::TOO_MANY_REQUESTS, "quota_exceeded")
            }
            Self::QuotaExceeded(_) => (StatusCode::CONFLICT, "quota_exceeded"),
            Self::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::Storage(_) => (StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        }
    }

    /// The answer to request `request_id`. Faults of ours are logged here, once.
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

/// While the storage is down every request fails alike: logs one of them a minute.
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

/// Rounded up, so that who waits as long as told is not early.
fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::ApiError;

    fn answer(error: ApiError) -> (u16, Value, super::Response) {
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
    fn keeps_the_inside_inside() {
        let (status, body, _) = answer(ApiError::internal("password=hunter2"));
        assert_eq!(status, 500);
        assert_eq!(
            body,
            json!({"error": "internal error", "code": "internal_error", "request_id": "the-request"})
        );
    }

    #[test]
    fn says_when_to_come_back() {
        let wait = Duration::from_millis(1500);
        let (status, body, response) = answer(ApiError::unavailable("busy", wait));
        assert_eq!((status, body["error"].as_str()), (503, Some("busy: try again in 2 s")));
        assert_eq!(response.headers()["retry-after"], "2");
        let (_, _, response) = answer(ApiError::unauthenticated("unauthenticated", "who is there?"));
        assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"basira\"");
    }
}
