//! Every way a request can fail.

mod answer;
mod convert;

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use warp::http::StatusCode;

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
    #[error("this path allows {allow} only")]
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
    #[error("this path is for WebSocket only: request an upgrade")]
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

impl ApiError {
    /// 400: `field` is not as it `must` be; the message reads "`field` `must`".
    pub fn field(field: impl Into<Cow<'static, str>>, must: impl AsRef<str>) -> Self {
        let field = field.into();
        let message = format!("{field} {}", must.as_ref()).into();
        Self::Invalid { code: "invalid_field", field: Some(field), message }
    }

    /// 400: the request as a whole is not valid.
    pub fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid { code, field: None, message: message.into() }
    }

    /// 401: no valid credential.
    pub fn unauthenticated(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Unauthenticated { code, message: message.into() }
    }

    /// 403: authenticated, but not allowed.
    pub fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Forbidden { code, message: message.into() }
    }

    /// 404; also for what belongs to another organization.
    #[must_use]
    pub const fn not_found(what: &'static str) -> Self {
        Self::NotFound { what }
    }

    /// 409: the value of `field` is taken.
    pub fn conflict(
        code: &'static str,
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Conflict { code, field: Some(field.into()), message: message.into() }
    }

    /// 409: the current state does not allow the request.
    pub fn conflict_of_state(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict { code, field: None, message: message.into() }
    }

    /// 503: temporarily unavailable.
    pub fn unavailable(message: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::Unavailable { message: message.into(), retry_after }
    }

    /// 500: a bug. Logged with the id of the request, and not shown to the caller.
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
}

/// Rounded up, so that a client that waits this long is not early.
fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}
