//! Who asks too often is told when to come back, and nobody else is.

use reqwest::header::{COOKIE, RETRY_AFTER, SET_COOKIE};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::harness::{TestServer, config};
use crate::http::routes;

const LOGIN: &str = "/api/v1/auth/login";
const PASSWORD: &str = "correct horse";
const BEHIND_A_PROXY: (&str, &str) = ("HTTP__TRUSTED_PROXIES", "127.0.0.0/8");

/// Asks as a client at `address`, if the server believes its proxies.
async fn post(server: &TestServer, path: &str, address: &str, body: Value) -> Response {
    let request = server.request(Method::POST, path).header("x-forwarded-for", address).json(&body);
    request.send().await.expect("an answer")
}

async fn log_in(server: &TestServer, address: &str, email: &str, password: &str) -> Response {
    post(server, LOGIN, address, json!({"email": email, "password": password})).await
}

async fn assert_refused(response: Response) {
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait = response.headers()[RETRY_AFTER].to_str().expect("text").parse::<u64>().expect("seconds");
    assert!((1..=3_600).contains(&wait), "{wait}");
    assert_eq!(response.json::<Value>().await.expect("JSON")["code"], "rate_limited");
}

#[tokio::test]
async fn each_client_has_its_own_limit_and_nobody_pretends_to_be_another() {
    let refresh = |address| async move { json!({"refresh_token": address}) };
    let server = TestServer::start_with(&[("LIMITS__AUTH__REFRESH_PER_HOUR", "2"), BEHIND_A_PROXY]).await;
    let path = "/api/v1/auth/refresh";
    for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
        for _ in 0..2 {
            assert_eq!(post(&server, path, address, refresh(address).await).await.status(), 401);
        }
        assert_refused(post(&server, path, address, refresh(address).await).await).await;
    }
    for pretended in ["203.0.113.7, 192.0.2.1", "2001:db8::2", "2001:db8::ffff:1"] {
        assert_refused(post(&server, path, pretended, refresh("x").await).await).await;
    }

    let server = TestServer::start_with(&[("LIMITS__AUTH__REFRESH_PER_HOUR", "2")]).await;
    for address in ["192.0.2.1", "192.0.2.2"] {
        assert_eq!(post(&server, path, address, refresh(address).await).await.status(), 401);
    }
    assert_refused(post(&server, path, "192.0.2.3", refresh("x").await).await).await;
}

#[tokio::test]
async fn what_is_configured_anew_counts_at_once() {
    let server = TestServer::start_with(&[("LIMITS__AUTH__SIGNUP_PER_HOUR", "1")]).await;
    let path = "/api/v1/auth/signup";
    assert_eq!(post(&server, path, "", json!({})).await.status(), 400);
    assert_refused(post(&server, path, "", json!({})).await).await;
    server.app.config.replace(config(&[("LIMITS__AUTH__SIGNUP_PER_HOUR", "0")]));
    for _ in 0..20 {
        assert_eq!(post(&server, path, "", json!({})).await.status(), 400);
    }
    server.app.config.replace(config(&[("LIMITS__AUTH__SIGNUP_PER_HOUR", "1"), BEHIND_A_PROXY]));
    for address in ["192.0.2.1", "192.0.2.2"] {
        assert_eq!(post(&server, path, address, json!({})).await.status(), 400, "proxies too");
    }
}

#[tokio::test]
async fn only_failed_logins_count_by_client_and_by_account() {
    let server =
        TestServer::start_with(&[("LIMITS__AUTH__LOGIN_FAILURES_PER_HOUR", "3"), BEHIND_A_PROXY]).await;
    for _ in 0..10 {
        assert_eq!(log_in(&server, "192.0.2.1", "ada@x.org", PASSWORD).await.status(), 200);
    }
    for (address, email) in [
        ("192.0.2.1", "nobody@x.org"),
        ("192.0.2.1", "ADA@x.org "),
        ("192.0.2.1", "ada@x.org"),
        ("192.0.2.2", "ada@x.org"),
    ] {
        assert_eq!(log_in(&server, address, email, "wrong").await.status(), 401, "{address} {email}");
    }
    assert_refused(log_in(&server, "192.0.2.1", "eve@x.org", PASSWORD).await).await;
    assert_refused(log_in(&server, "192.0.2.3", "ada@x.org", PASSWORD).await).await;
    assert_eq!(log_in(&server, "192.0.2.3", "eve@x.org", PASSWORD).await.status(), 200);
}

#[tokio::test]
async fn a_thousand_guesses_at_once_are_no_more_than_one_after_the_other() {
    let server = TestServer::start_with(&[("LIMITS__AUTH__LOGIN_FAILURES_PER_HOUR", "3")]).await;
    let guesses = (0..100).map(|_| log_in(&server, "", "ada@x.org", "wrong"));
    let answers = futures_util::future::join_all(guesses).await;
    let judged = answers.iter().filter(|answer| answer.status() == StatusCode::UNAUTHORIZED).count();
    assert_eq!(judged, 3);
}

#[tokio::test]
async fn strangers_cannot_lock_out_a_browser_that_has_been_here() {
    let server =
        TestServer::start_with(&[("LIMITS__AUTH__LOGIN_FAILURES_PER_HOUR", "2"), BEHIND_A_PROXY]).await;
    let welcome = log_in(&server, "192.0.2.1", "ada@x.org", PASSWORD).await;
    let set = welcome.headers().get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().expect("text"));
    let mark = set.into_iter().find(|cookie| cookie.starts_with("__Host-basira_device=")).expect("a mark");
    assert!(mark.contains("; HttpOnly") && mark.contains("; Secure"), "{mark}");
    let mark = mark.split(';').next().expect("a pair").to_owned();
    for _ in 0..2 {
        assert_eq!(log_in(&server, "192.0.2.1", "ada@x.org", "wrong").await.status(), 401);
    }
    assert_refused(log_in(&server, "192.0.2.1", "ada@x.org", PASSWORD).await).await;
    let from_there = async |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        let request = server.request(Method::POST, LOGIN).header("x-forwarded-for", "192.0.2.1");
        request.header(COOKIE, &mark).json(&body).send().await.expect("an answer")
    };
    assert_eq!(from_there("ada@x.org", PASSWORD).await.status(), 200);
    assert_refused(from_there("eve@x.org", PASSWORD).await).await;
    for _ in 0..2 {
        assert_eq!(from_there("ada@x.org", "wrong").await.status(), 401);
    }
    assert_refused(from_there("ada@x.org", PASSWORD).await).await;
}

#[tokio::test]
async fn each_user_has_its_own_share_of_requests() {
    let server =
        TestServer::start_with(&[("LIMITS__API__PER_SECOND", "1"), ("LIMITS__API__BURST", "10")]).await;
    let ask = async |token: &str| {
        let request = server.request(Method::GET, "/api/v1/auth/me").bearer_auth(token);
        request.send().await.expect("an answer")
    };
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(ask(&server.ada).await);
    }
    let refused = answers.pop().expect("the last");
    assert_eq!(refused.headers()[RETRY_AFTER], "1");
    assert_refused(refused).await;
    let allowed = answers.iter().filter(|answer| answer.status() == StatusCode::OK).count();
    assert!((10..=12).contains(&allowed), "{allowed}");
    assert_eq!(ask(&server.eve).await.status(), 200);
    assert_eq!(server.request(Method::GET, "/healthz").send().await.expect("an answer").status(), 200);
}

#[test]
fn every_entrance_names_its_limit() {
    // leaving needs none, and a ticket counts as a request of its user
    let without = ["/api/v1/auth/logout", "/api/v1/auth/ws-ticket"];
    for route in routes::all() {
        let is_entrance = route.path.starts_with("/api/v1/auth/") && route.method == Method::POST;
        if is_entrance && !without.contains(&route.path) {
            assert!(route.limit.is_some(), "{route:?} names no limit");
        }
    }
}
