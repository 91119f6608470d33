//! Tenants cannot harm each other, nor strangers: quotas, sizes, mails, turns.

use std::fs;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Organization, PASSWORD, TestApp, TestClient};

fn database(name: &str) -> Value {
    json!({"name": name, "engine": "postgres", "host": "127.0.0.1", "port": 1})
}

fn assert_exceeds(refused: &Value, quota: &str, limit: u64) {
    assert_eq!(refused["code"], "quota_exceeded", "{refused}");
    assert_eq!((&refused["quota"], &refused["limit"]), (&json!(quota), &json!(limit)));
    assert!(refused["error"].as_str().unwrap().contains(&format!("limits.quotas.{quota}")), "{refused}");
}

/// The names in the list, and `X-Total-Count`.
async fn page(client: &TestClient, path: &str) -> (Vec<String>, String) {
    let answer = client.request(Method::GET, path).send().await.unwrap();
    let total = answer.headers()["x-total-count"].to_str().unwrap().to_owned();
    let rows: Vec<Value> = answer.json().await.unwrap();
    (rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect(), total)
}

#[tokio::test]
async fn an_organization_cannot_exceed_its_quotas() {
    let app = TestApp::start_with(&[
        ("LIMITS__QUOTAS__DATABASES", "2"),
        ("LIMITS__QUOTAS__API_KEYS", "3"),
        ("LIMITS__QUOTAS__PEOPLE", "2"),
        ("LIMITS__QUOTAS__STREAM_TICKETS", "2"),
    ])
    .await;
    let (one, other) =
        (Organization::verified(&app, "one").await, Organization::verified(&app, "other").await);
    for name in ["a", "b"] {
        one.key.post("/databases", &database(name), 201).await;
    }
    assert_exceeds(&one.key.post("/databases", &database("c"), 409).await, "databases", 2);
    assert_eq!(page(&one.key, "/databases?limit=1&offset=1").await, (vec!["b".to_owned()], "2".to_owned()));
    assert_eq!(page(&one.key, "/databases").await.0.len(), 2);
    one.key.get("/databases?limit=0", 400).await;

    let key = one.owner.post("/api-keys", &json!({"name": "k2"}), 201).await;
    one.owner.post("/api-keys", &json!({"name": "k3"}), 201).await;
    assert_exceeds(&one.owner.post("/api-keys", &json!({"name": "k4"}), 409).await, "api_keys", 3);
    assert_eq!(page(&one.owner, "/api-keys?limit=1&offset=1").await, (vec!["k2".to_owned()], "3".to_owned()));
    one.owner.delete(&format!("/api-keys/{}", key["id"].as_str().unwrap()), 204).await;
    one.owner.post("/api-keys", &json!({"name": "k4"}), 201).await;

    let invite = |email: &str| json!({"email": email, "role": "viewer"});
    one.owner.post("/invitations", &invite("a@x.example"), 201).await;
    one.owner.post("/invitations", &invite("a@x.example"), 201).await;
    assert_exceeds(&one.owner.post("/invitations", &invite("b@x.example"), 409).await, "people", 2);

    for _ in 0..2 {
        one.key.post("/auth/ws-ticket", &Value::Null, 200).await;
    }
    assert_exceeds(&one.key.post("/auth/ws-ticket", &Value::Null, 429).await, "stream_tickets", 2);

    other.key.post("/databases", &database("a"), 201).await;
    other.key.post("/auth/ws-ticket", &Value::Null, 200).await;
    other.owner.post("/invitations", &invite("c@x.example"), 201).await;
}

#[tokio::test]
async fn every_text_field_has_a_maximum_length() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "acme").await;
    let long = "x".repeat(400_000);
    let with = |field: &str, value: Value| {
        let mut body = database("a");
        body[field] = value;
        body
    };
    for (path, body, field) in [
        ("/databases", with("name", json!(long)), "name"),
        ("/databases", with("host", json!(long)), "host"),
        ("/databases", with("username", json!(long)), "username"),
        ("/databases", with("password", json!(long)), "password"),
        ("/databases", with("database", json!(long)), "database"),
        ("/databases", with("tls_ca_pem", json!(long)), "tls_ca_pem"),
        ("/databases", with("engine_version", json!(long)), "engine_version"),
        ("/databases", with("tags", json!({"k": "v".repeat(501)})), "tags"),
        ("/databases", with("tags", json!({"k".repeat(101): "v"})), "tags"),
        ("/databases", with("include_databases", json!([long])), "include_databases"),
        ("/databases", json!({"name": "a", "dsn": long}), "dsn"),
        ("/api-keys", json!({"name": long}), "name"),
        ("/invitations", json!({"email": long, "role": "viewer"}), "email"),
        ("/auth/login", json!({"email": long, "password": PASSWORD}), "email"),
        ("/auth/login", json!({"email": "a@x.example", "password": long}), "password"),
        ("/auth/login", json!({"email": "a@x.example", "password": PASSWORD, "code": long}), "code"),
        ("/auth/refresh", json!({"refresh_token": long}), "refresh_token"),
        ("/auth/logout", json!({"refresh_token": long}), "refresh_token"),
        ("/auth/forgot-password", json!({"email": long}), "email"),
        ("/auth/resend-verification", json!({"email": long}), "email"),
        ("/auth/reset-password", json!({"token": long, "password": PASSWORD}), "token"),
        (
            "/auth/change-password",
            json!({"current_password": long, "new_password": PASSWORD}),
            "current_password",
        ),
        ("/auth/totp", json!({"password": long}), "password"),
        ("/auth/totp/confirm", json!({"code": long}), "code"),
        ("/auth/accept-invitation", json!({"token": long, "name": "B", "password": PASSWORD}), "token"),
        ("/auth/oidc/any/link", json!({"password": long}), "password"),
        ("/auth/oidc/any/accept-invitation", json!({"token": long}), "token"),
    ] {
        let refused = organization.owner.post(path, &body, 400).await;
        assert_eq!(refused["field"], field, "{path}: {refused}");
    }
}

#[tokio::test]
async fn invitations_to_an_address_are_limited_and_contain_no_text_of_the_inviter() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "acme").await;
    let name = "You won! https://evil.example/win";
    organization.owner.patch("/organization", &json!({"name": name}), 200).await;
    organization.owner.patch("/auth/me", &json!({"name": "www.evil.example"}), 200).await;
    let invitation = json!({"email": "stranger@x.example", "role": "viewer"});
    for _ in 0..5 {
        organization.owner.post("/invitations", &invitation, 201).await;
    }
    let refused = organization.owner.post("/invitations", &invitation, 429).await;
    assert_eq!(refused["code"], "rate_limited");
    organization.owner.post("/invitations", &json!({"email": "b@x.example", "role": "viewer"}), 201).await;
    let mails = fs::read_dir(app.data_dir().join("mail")).unwrap();
    let texts = mails.map(|mail| fs::read_to_string(mail.unwrap().path()).unwrap());
    let to_stranger: Vec<String> = texts.filter(|text| text.contains("stranger@x.example")).collect();
    assert_eq!(to_stranger.len(), 5);
    for mail in to_stranger {
        let subject = mail.lines().find(|line| line.starts_with("Subject:")).unwrap();
        assert_eq!(subject, "Subject: You are invited to an organization on Basira");
        assert!(!mail.contains("https://evil") && !mail.contains("evil.example"), "{mail}");
        assert!(mail.contains("evil[.]example"), "the name is still to be read: {mail}");
    }
}

#[tokio::test]
async fn logins_from_one_address_do_not_delay_those_from_others() {
    let app = TestApp::start_with(&[("HTTP__TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let organization = Organization::unverified(&app, "acme").await;
    let login = async |address: &str| {
        let body = json!({"email": organization.email, "password": PASSWORD});
        let request = app.anonymous().request(Method::POST, "/auth/login").header("X-Forwarded-For", address);
        let answer = request.json(&body).send().await.unwrap();
        let retry_after = answer.headers().get("retry-after").cloned();
        (answer.status().as_u16(), retry_after)
    };
    let crowd = join_all((0..80).map(|_| login("192.0.2.1")));
    let (crowd, other) = tokio::join!(crowd, login("192.0.2.2"));
    assert_eq!(other.0, 200);
    let refused: Vec<_> = crowd.iter().filter(|(status, _)| *status == 503).collect();
    assert!(!refused.is_empty() && refused.iter().all(|(_, retry_after)| retry_after.is_some()));
    assert!(crowd.iter().all(|(status, _)| [200, 503].contains(status)), "{crowd:?}");
    assert_eq!(login("192.0.2.1").await.0, 200, "once those are done");
}

#[tokio::test]
async fn a_viewer_cannot_fill_the_audit_log() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "acme").await;
    organization.owner.post("/invitations", &json!({"email": "v@x.example", "role": "viewer"}), 201).await;
    let acceptance = json!({"token": app.mailed_token("v@x.example"), "name": "V", "password": PASSWORD});
    let joined = app.anonymous().post("/auth/accept-invitation", &acceptance, 201).await;
    let viewer = TestClient::with_bearer(&app.url, joined["access_token"].as_str().unwrap());
    for number in 0..60 {
        viewer.patch("/auth/me", &json!({"name": format!("V {number}")}), 200).await;
    }
    let renamed = organization.owner.get("/audit?action=PATCH%20/api/v1/auth/me&limit=1000", 200).await;
    let count = renamed.as_array().unwrap().len();
    assert!((20..=23).contains(&count), "{count}");
    // an owner's changes are all told
    for number in 0..30 {
        organization.owner.patch("/organization", &json!({"name": format!("A {number}")}), 200).await;
    }
    let renamed = organization.owner.get("/audit?action=PATCH%20/api/v1/organization&limit=1000", 200).await;
    assert_eq!(renamed.as_array().unwrap().len(), 30);
}
