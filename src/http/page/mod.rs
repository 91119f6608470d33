//! The page: the files of `ui`, embedded into the binary by `build.rs`.
//!
//! Every path that is neither the API's nor a file's is answered with `index.html`, when the caller is a browser: the page
//! reads the path itself.

use bytes::Bytes;
use warp::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, VARY,
};
use warp::http::{Method, StatusCode};

use super::Response;
use super::middleware::compression;

/// One file of the page, with its compressed forms.
struct File {
    /// Of its URL.
    path: &'static str,
    content_type: &'static str,
    /// Of its content.
    hash: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/page.rs"));

const INDEX: &str = "/index.html";
/// Shown in place of the page by a binary that was built without it.
static NOT_EMBEDDED: File = File {
    path: INDEX,
    content_type: "text/html; charset=utf-8",
    hash: "none",
    plain: include_bytes!("not_embedded.html"),
    brotli: None,
    gzip: None,
};

/// Files whose names change with their content.
const ASSETS: &str = "/assets/";
const FOR_A_YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// The answer to a request for which there is no route, if the page has one.
pub(super) fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    let is_read = method == Method::GET || method == Method::HEAD;
    file(path, headers).filter(|_| is_read).map(|file| file.response(headers))
}

fn file(path: &str, headers: &HeaderMap) -> Option<&'static File> {
    let named = |name: &str| FILES.iter().find(|file| file.path == name);
    if let Some(file) = named(path) {
        return Some(file);
    }
    let is_page =
        !path.starts_with(ASSETS) && !path.starts_with("/api/") && (path == "/" || wants_html(headers));
    is_page.then(|| named(INDEX).unwrap_or(&NOT_EMBEDDED))
}

/// Whether a browser asks for a document.
fn wants_html(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().any(|value| value.as_bytes().windows(9).any(|part| part == b"text/html"))
}

impl File {
    fn response(&self, headers: &HeaderMap) -> Response {
        let accepted = |name| compression::accepts(headers, name);
        let (coding, body) = match (self.brotli, self.gzip) {
            (Some(brotli), _) if accepted("br") => (Some("br"), brotli),
            (_, Some(gzip)) if accepted("gzip") => (Some("gzip"), gzip),
            _ => (None, self.plain),
        };
        let tag = format!("\"{}-{}\"", self.hash, coding.unwrap_or("plain"));
        let mut response = Response::default();
        let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        if known.flat_map(|tags| tags.split(',')).any(|known| [tag.as_str(), "*"].contains(&known.trim())) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            *response.body_mut() = Bytes::from_static(body);
        }
        let set = response.headers_mut();
        set.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        set.insert(CACHE_CONTROL, if self.path.starts_with(ASSETS) { FOR_A_YEAR } else { ASK_EACH_TIME });
        set.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            set.insert(ETAG, tag);
        }
        if let Some(coding) = coding {
            set.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use warp::http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH};
    use warp::http::{Method, StatusCode};

    use super::{File, answer};

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).expect("a header");
        pairs.iter().map(|(name, text)| (name.clone(), value(text))).collect()
    }

    #[test]
    fn browsers_get_the_page_at_any_path_but_those_of_the_api() {
        let browser = headers(&[(ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")]);
        let client = headers(&[(ACCEPT, "*/*")]);
        let is_page = |method, path, headers| {
            answer(&method, path, headers)
                .is_some_and(|page| page.headers()["content-type"] == "text/html; charset=utf-8")
        };
        assert!(is_page(Method::GET, "/", &client));
        assert!(is_page(Method::GET, "/d/01a2/queries", &browser));
        assert!(is_page(Method::HEAD, "/d/01a2/queries", &browser));
        for (method, path, headers) in [
            (Method::GET, "/d/01a2/queries", &client),
            (Method::POST, "/", &browser),
            (Method::GET, "/api/v1/unknown", &browser),
            (Method::GET, "/assets/unknown.js", &browser),
        ] {
            assert!(answer(&method, path, headers).is_none(), "{method} {path}");
        }
    }

    #[test]
    fn a_file_is_sent_compressed_and_once() {
        let file = File {
            path: "/assets/index-1a2b.js",
            content_type: "text/javascript; charset=utf-8",
            hash: "1a2b",
            plain: b"plain",
            brotli: Some(b"brotli"),
            gzip: Some(b"gzip"),
        };
        let sent = |accepted| file.response(&headers(&[(ACCEPT_ENCODING, accepted)]));
        let bodies = ["gzip, br", "gzip", "identity"].map(|accepted| sent(accepted).into_body());
        assert_eq!(bodies, ["brotli", "gzip", "plain"]);
        let response = sent("br");
        assert_eq!(response.headers()["etag"], "\"1a2b-br\"");
        assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable");
        let again =
            file.response(&headers(&[(ACCEPT_ENCODING, "br"), (IF_NONE_MATCH, "\"0\", \"1a2b-br\"")]));
        assert_eq!((again.status(), again.body().len()), (StatusCode::NOT_MODIFIED, 0));
        let other = file.response(&headers(&[(ACCEPT_ENCODING, "gzip"), (IF_NONE_MATCH, "\"1a2b-br\"")]));
        assert_eq!(other.status(), StatusCode::OK);
    }
}
