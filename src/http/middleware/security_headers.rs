//! The security headers of every response, and those of pages.

use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::http::Response;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Data loads nothing and is not shown in a frame.
const ALL: [(HeaderName, &str); 5] = [
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// A page loads from this server only, runs no inline script, and is isolated from frames and opening windows.
const PAGES: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types vue",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// One year. Without subdomains, which may belong to other applications.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers; a header that the handler has set stays. `https`: this server is reached over TLS.
pub(in crate::http) fn apply(response: &mut Response, request_id: &str, https: bool) {
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

    use super::{Response, apply};

    fn applied(kind: &'static str, https: bool) -> Response {
        let mut response = Response::default();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        apply(&mut response, "id", https);
        response
    }

    #[test]
    fn a_page_runs_no_inline_script() {
        let page = applied("text/html; charset=utf-8", false);
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
    fn data_has_no_page_headers_and_https_is_required_for_a_year() {
        let data = applied("application/json", true);
        assert_eq!(data.headers()["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(data.headers()["strict-transport-security"], "max-age=31536000");
        assert_eq!(data.headers()["cache-control"], "no-store");
        assert!(!data.headers().contains_key("cross-origin-opener-policy"));
    }

    #[test]
    fn a_header_set_by_the_handler_stays() {
        let mut response = Response::default();
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
        apply(&mut response, "id", false);
        assert_eq!(response.headers()["content-security-policy"], "sandbox");
    }
}
