//! The headers of every answer, and those that keep pages to themselves.

use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use super::Response;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An answer is data unless it is a page: it loads nothing and is shown nowhere.
const ALL: [(HeaderName, &str); 5] = [
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// A page loads from here only, nothing written into it runs, nobody frames it, no window that opened it holds it.
const PAGES: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// A year. Not for subdomains: they may be others'.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers of every answer; what a handler has set stays. `https`: people reach this server over TLS.
pub(super) fn seal(response: &mut Response, request_id: &str, https: bool) {
    let is_page =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    let pages = PAGES.into_iter().filter(|_| is_page);
    for (name, value) in pages.chain(ALL) {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if https {
        headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(HTTPS_ONLY);
    }
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;
    use warp::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

    use super::{Response, seal};

    fn sealed(kind: &'static str, https: bool) -> Response {
        let mut response = Response::default();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        seal(&mut response, "id", https);
        response
    }

    #[test]
    fn a_page_runs_nothing_that_is_written_into_it() {
        let page = sealed("text/html; charset=utf-8", false);
        let policy = page.headers()["content-security-policy"].to_str().expect("text");
        let part = |name: &str| policy.split("; ").find(|part| part.starts_with(name));
        assert_eq!(part("default-src"), Some("default-src 'none'"));
        assert_eq!(part("script-src"), Some("script-src 'self'"));
        assert_eq!(part("frame-ancestors"), Some("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers()["cross-origin-opener-policy"], "same-origin");
        assert_eq!(page.headers()["x-frame-options"], "DENY");
        assert!(!page.headers().contains_key("strict-transport-security"));
    }

    #[test]
    fn data_is_no_page_and_https_is_for_ever() {
        let data = sealed("application/json", true);
        assert_eq!(data.headers()["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(data.headers()["strict-transport-security"], "max-age=31536000");
        assert_eq!(data.headers()["cache-control"], "no-store");
        assert!(!data.headers().contains_key("cross-origin-opener-policy"));
    }

    #[test]
    fn what_a_handler_has_set_stays() {
        let mut response = Response::default();
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
        seal(&mut response, "id", false);
        assert_eq!(response.headers()["content-security-policy"], "sandbox");
    }
}
