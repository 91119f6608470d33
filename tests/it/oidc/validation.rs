//! What a provider says is believed only when it can be checked; and a provider may be slow, broken or somebody else.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::ADA;
use crate::harness::{Authority, Browser, OpenIdProvider, TestApp, TlsProxy};

const DISCOVERY: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn an_invalid_id_token_is_rejected() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    let browser = Browser::new();
    for (forged, reason) in [
        (json!({"nonce": "of another sign-in"}), "was not made for this sign-in"),
        (json!({"iss": "https://evil.example"}), "of another issuer"),
        (json!({"aud": "another client"}), "for somebody else"),
        (json!({"exp": 1_700_000_000}), "expired"),
        (json!({"iat": 32_503_680_000_u64}), "from the future"),
        (json!({"sub": "eve"}), "of two people"),
        (json!({"key": "foreign"}), "signature of the ID token is wrong"),
    ] {
        provider.pull(json!({"forge": forged})).await;
        let page = browser.signs_in(&app, ADA).await;
        assert_eq!(page.refused(401), "sign_in_not_valid", "{forged}");
        assert!(page.body.contains(reason), "{forged}: {page:?}");
        assert_eq!(browser.asks(&app, "/auth/me").await.status, 401);
    }
    // signed again, but with what the provider says itself: so it was the claims that were refused
    provider.pull(json!({"forge": {}})).await;
    assert_eq!(browser.signs_in(&app, ADA).await.status, 303);
    assert_eq!(browser.me(&app).await["user"]["email"], "ada@corp.example");
}

#[tokio::test]
async fn rotated_keys_are_fetched_and_every_key_type_is_supported() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    for algorithm in ["ES256", "PS256", "EdDSA", "RS256"] {
        provider.pull(json!({"rotate": algorithm})).await;
        let page = Browser::new().signs_in(&app, ADA).await;
        assert_eq!(page.status, 303, "{algorithm}: {page:?}");
    }
}

#[tokio::test]
async fn profile_claims_may_be_in_the_id_token() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    // where the access token leads, nobody answers: so it is not asked
    provider.pull(json!({"describe": true, "spoil": {"path": "/me", "status": 500, "body": ""}})).await;
    let browser = Browser::new();
    assert_eq!(browser.signs_in(&app, ADA).await.status, 303);
    assert_eq!(browser.me(&app).await["user"]["email"], "ada@corp.example");
}

#[tokio::test]
async fn a_faulty_provider_fails_one_sign_in_within_the_time_limit() {
    let provider = OpenIdProvider::start().await;
    let elsewhere = format!("{}/jwks", provider.issuer);
    let other = json!({"issuer": "https://evil.example", "authorization_endpoint": "https://evil.example/a",
        "token_endpoint": "https://evil.example/t", "jwks_uri": "https://evil.example/j"});
    let plain = json!({"issuer": provider.issuer, "authorization_endpoint": "http://login.example/a",
        "token_endpoint": "http://login.example/t", "jwks_uri": "http://login.example/j"});
    for (spoilt, said) in [
        (json!({"status": 500, "body": "{}"}), "answered 500"),
        (json!({"body": "<html>"}), "answered something else"),
        (json!({"status": 302, "headers": {"Location": elsewhere}, "body": ""}), "answered 302"),
        (json!({"body": "[\"much more\"],", "repeat": 1_000_000}), "more than 262144 bytes"),
        (json!({"body": other.to_string()}), "is called https://evil.example"),
        (json!({"body": plain.to_string()}), "neither https nor on this machine"),
        (json!({"hang": true}), "did not answer in time"),
    ] {
        // what was learned is kept for a while: a fresh server each time
        let app = provider.app(&[]).await;
        let mut lever = spoilt.clone();
        lever["path"] = json!(DISCOVERY);
        provider.pull(json!({"spoil": lever})).await;
        let asked_at = Instant::now();
        let page = Browser::new().asks(&app, "/auth/oidc/corp/start").await;
        assert_eq!(page.refused(503), "unavailable", "{spoilt}");
        assert!(asked_at.elapsed() < Duration::from_secs(30), "{spoilt}: {:?}", asked_at.elapsed());
        // the reason is for the operator
        assert!(app.log().contains(said), "{spoilt}");
        assert!(!page.body.contains(said), "{page:?}");
        provider.behaves().await;
        Browser::new().starts(&app).await;
    }
}

#[tokio::test]
async fn sign_ins_waiting_for_an_unresponsive_provider_are_limited() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    provider.pull(json!({"spoil": {"path": DISCOVERY, "hang": true}})).await;
    let ask = async || {
        let page = Browser::new().asks(&app, "/auth/oidc/corp/start").await;
        page.refused(503);
        page.body.contains("too many")
    };
    let turned_away = join_all((0..80).map(|_| ask())).await;
    assert_eq!(turned_away.iter().filter(|away| **away).count(), 80 - 64);
    provider.behaves().await;
    Browser::new().starts(&app).await;
}

#[tokio::test]
async fn a_wrong_client_secret_is_reported_as_a_configuration_error() {
    let provider = OpenIdProvider::start().await;
    let app = TestApp::start_with(&[
        ("AUTH__OIDC__CORP__ISSUER", &provider.issuer),
        ("AUTH__OIDC__CORP__CLIENT_ID", "basira"),
        ("AUTH__OIDC__CORP__CLIENT_SECRET", "another secret"),
    ])
    .await;
    assert_eq!(Browser::new().signs_in(&app, ADA).await.refused(503), "unavailable");
    assert!(app.log().contains("invalid_client") && !app.log().contains("another secret"));
}

#[tokio::test]
async fn the_certificate_of_a_remote_provider_is_verified() {
    let provider = OpenIdProvider::start().await;
    let port = provider.issuer.rsplit(':').next().unwrap().parse().unwrap();
    let (ours, foreign) = (Authority::new("ours"), Authority::new("foreign"));
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, ours.pem()).unwrap();
    let status = async |authority: &Authority, host: &str, last_year: i32| {
        let proxy = TlsProxy::before(port, authority, host, last_year).await;
        let issuer = format!("https://localhost:{}", proxy.port);
        let described = |page: &str| Value::from(format!("{issuer}/{page}"));
        let body = json!({"issuer": issuer, "authorization_endpoint": described("auth"),
            "token_endpoint": described("token"), "jwks_uri": described("jwks")});
        provider.pull(json!({"spoil": {"path": DISCOVERY, "body": body.to_string()}})).await;
        let app = TestApp::start_with(&[
            ("AUTH__OIDC__CORP__ISSUER", &issuer),
            ("AUTH__OIDC__CORP__CLIENT_ID", "basira"),
            ("AUTH__OIDC__CORP__CA_FILE", ca_file.to_str().unwrap()),
        ])
        .await;
        Browser::new().asks(&app, "/auth/oidc/corp/start").await.status
    };
    assert_eq!(status(&ours, "localhost", 2100).await, 303);
    assert_eq!(status(&ours, "localhost", 2020).await, 503, "expired");
    assert_eq!(status(&ours, "elsewhere.example", 2100).await, 503, "another host");
    assert_eq!(status(&foreign, "localhost", 2100).await, 503, "an authority that we do not trust");
}
