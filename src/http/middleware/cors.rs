//! Cross-origin resource sharing: pages of other sites may call the API with a key or a token, never with cookies.

use warp::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap,
    HeaderValue, ORIGIN, VARY,
};
use warp::http::{Method, StatusCode};

use crate::http::{Response, response};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PATCH, PUT, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, x-api-key");
const EXPOSED: HeaderValue =
    HeaderValue::from_static("retry-after, x-request-id, x-total-count, x-unavailable-reason");
/// Seconds that a browser remembers the answer to a preflight; short, so that a reload is felt.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const ANY: &str = "*";

/// What the page that sent a request may do.
pub(in crate::http) struct Page {
    /// Answers differ by origin.
    differs: bool,
    /// The value for the browser; `None` for a page that may not read answers, or no page at all.
    allowed: Option<HeaderValue>,
}

impl Page {
    /// The page that sent `headers`, when those of `origins` may use this server.
    pub(in crate::http) fn of(headers: &HeaderMap, origins: &[String]) -> Self {
        let is = |origin: &HeaderValue, known: &String| known.as_bytes() == origin.as_bytes();
        let allowed = headers.get(ORIGIN).and_then(|origin| {
            let by_name = origins.iter().any(|known| is(origin, known)).then(|| origin.clone());
            by_name
                .or_else(|| origins.iter().any(|known| known == ANY).then_some(HeaderValue::from_static(ANY)))
        });
        Self { differs: !origins.is_empty(), allowed }
    }

    /// The answer to a browser that asks beforehand for a page that may; else it is a request like any other.
    pub(in crate::http) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        let asks = *method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || self.allowed.is_none() {
            return None;
        }
        let mut response = response::empty(StatusCode::NO_CONTENT);
        let answer = response.headers_mut();
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        answer.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Some(response)
    }

    /// Lets the page read `response`, if it may.
    pub(in crate::http) fn admit(self, response: &mut Response) {
        let answer = response.headers_mut();
        if self.differs {
            answer.append(VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = self.allowed {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}
