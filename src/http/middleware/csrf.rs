//! Protection from cross-site request forgery: requests that a page of another site makes a browser send.

use url::Url;
use warp::http::header::{AUTHORIZATION, HOST, HeaderMap, ORIGIN};
use warp::http::{HeaderName, Method};

use crate::config::PublicUrl;
use crate::http::ApiError;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Refuses an unsafe request from a page of another site, so that no such page can log a user in, out or sign one up.
/// Programs send neither `Origin` nor `Sec-Fetch-Site`; a request with a key or token in a header was allowed by CORS or
/// does not come from a browser.
///
/// # Errors
/// 403 `bad_origin`.
pub(in crate::http) fn check(
    method: &Method,
    headers: &HeaderMap,
    ours: &PublicUrl,
    others: &[String],
) -> Result<(), ApiError> {
    let explicit = headers.contains_key(AUTHORIZATION) || headers.contains_key(API_KEY);
    if method.is_safe() || explicit || is_same_site(headers, ours, others) {
        return Ok(());
    }
    Err(ApiError::forbidden("bad_origin", "the request comes from a page of another site"))
}

fn is_same_site(headers: &HeaderMap, ours: &PublicUrl, others: &[String]) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(&ORIGIN);
    let known = |origin: &str| ours.is_origin(origin) || others.iter().any(|other| other == origin);
    if origin.is_some_and(known) {
        return true;
    }
    match text(&FETCH_SITE) {
        Some("same-origin" | "none") => true,
        Some(_) => false,
        // an old browser, or one that does not trust the connection
        None => {
            headers.get(ORIGIN).is_none()
                || origin.zip(text(&HOST)).is_some_and(|(origin, host)| is_at(origin, host))
        }
    }
}

/// Whether `origin` is what a browser sends for a page of `host`.
fn is_at(origin: &str, host: &str) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    let with_port = |url: &Url| Some((url.host_str()?.to_owned(), url.port_or_known_default()));
    Url::parse(&format!("{}://{host}", origin.scheme()))
        .is_ok_and(|host| with_port(&host) == with_port(&origin) && with_port(&host).is_some())
}

#[cfg(test)]
mod tests {
    use warp::http::{HeaderMap, HeaderName, HeaderValue, Method};

    use super::{PublicUrl, check};

    fn passes(method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        let header = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let headers: HeaderMap = headers.iter().copied().map(header).collect();
        let ours = PublicUrl("https://basira.example".parse().expect("a URL"));
        check(method, &headers, &ours, &["https://status.example".to_owned()]).is_ok()
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let evil = ("origin", "https://evil.example");
        let cases: [(&[(&str, &str)], bool); 14] = [
            (&[], true),
            (&[evil], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://basira.example")], true),
            (&[("origin", "https://status.example")], true),
            (&[("origin", "http://basira.example")], false),
            (&[evil, ("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("origin", "https://status.example"), ("sec-fetch-site", "cross-site")], true),
            (&[("origin", "http://localhost:8080"), ("host", "localhost:8080")], true),
            (&[("origin", "http://localhost:8080"), ("host", "localhost:8081")], false),
            (&[evil, ("x-api-key", "k")], true),
            (&[evil, ("authorization", "Bearer k")], true),
        ];
        for (headers, expected) in cases {
            assert_eq!(passes(&Method::POST, headers), expected, "{headers:?}");
            assert!(passes(&Method::GET, headers), "{headers:?}");
        }
    }
}
