//! The pages that links in mails lead to.

use reqwest::Method;

use super::harness::TestServer;
use crate::http::routes;

const PAGES: [&str; 3] = ["/verify-email", "/reset-password", "/accept-invitation"];

/// The values of the attribute `name` in `page`.
fn values<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    page.split(&start).skip(1).map(|rest| rest.split('"').next().expect("an end")).collect()
}

#[tokio::test]
async fn pages_run_nothing_but_our_own_files() {
    let server = TestServer::start().await;
    for path in PAGES {
        let answer = server.request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        let page = answer.text().await.expect("a body");
        for inline in ["<script>", "<style", " style=", " onclick=", " onsubmit=", "javascript:"] {
            assert!(!page.contains(inline), "{path} has {inline}");
        }
        let mut files = values(&page, "src");
        files.extend(values(&page, "href"));
        assert_eq!(files.len(), 2, "{path} {files:?}");
        for file in files {
            let answer = server.request(Method::GET, file).send().await.expect("an answer");
            assert_eq!(answer.status(), 200, "{file}");
            let expected = if file.ends_with(".js") { "text/javascript" } else { "text/css" };
            let found = answer.headers()["content-type"].to_str().expect("text").to_owned();
            assert!(found.starts_with(expected) && file.starts_with("/assets/"), "{file} {found}");
        }
    }
}

#[tokio::test]
async fn forms_send_to_routes_that_are_there() {
    let server = TestServer::start().await;
    let table = routes::all();
    for path in PAGES {
        let page =
            server.request(Method::GET, path).send().await.expect("an answer").text().await.expect("a body");
        let sent = [("data-post", Method::POST), ("data-get", Method::GET)];
        let mut targets = 0;
        for (attribute, method) in sent {
            for target in values(&page, attribute) {
                targets += 1;
                let there = table.iter().any(|route| route.path == target && route.method == method);
                assert!(there, "{path}: {method} {target}");
            }
        }
        let senders = page.matches("<form ").count() + page.matches(" data-providers").count();
        assert_eq!(targets, senders, "{path}");
    }
}
