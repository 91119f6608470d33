//! Forgotten and changed passwords, as people meet them.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Organization, PASSWORD, TestApp, TestClient, eventually};

const NEW: &str = "battery staple correct";

async fn log_in(app: &TestApp, email: &str, password: &str, status: u16) -> Value {
    app.anonymous().post("/auth/login", &json!({"email": email, "password": password}), status).await
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_mail() {
    let app = TestApp::start().await;
    let organization = Organization::unverified(&app, "acme").await;
    let verification = app.mailed_token(&organization.email);
    let forgot = async |email: &str| {
        let body = json!({"email": email});
        let answer =
            app.anonymous().request(Method::POST, "/auth/forgot-password").json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 202, "{email}");
        let mut headers: Vec<_> = answer.headers().keys().map(ToString::to_string).collect();
        headers.sort();
        (headers, answer.text().await.unwrap())
    };
    assert_eq!(forgot(&organization.email).await, forgot("nobody@acme.example").await);
    let token = eventually(Duration::from_secs(5), async || {
        Some(app.mailed_token(&organization.email)).filter(|token| *token != verification).ok_or("no mail")
    })
    .await;

    let session = log_in(&app, &organization.email, PASSWORD, 200).await;
    let reset = async |body: Value, status| app.anonymous().post("/auth/reset-password", &body, status).await;
    let short = reset(json!({"token": token, "password": "short"}), 400).await;
    assert_eq!(short["field"], "password");
    let forged = reset(json!({"token": "nonsense", "password": NEW}), 400).await;
    assert_eq!(forged["code"], "bad_email_token");
    reset(json!({"token": token, "password": NEW}), 200).await;
    reset(json!({"token": token, "password": NEW}), 400).await;

    log_in(&app, &organization.email, PASSWORD, 401).await;
    log_in(&app, &organization.email, NEW, 200).await;
    let refresh = json!({"refresh_token": session["refresh_token"]});
    app.anonymous().post("/auth/refresh", &refresh, 401).await;
    organization.key.get("/auth/me", 200).await;
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let app = TestApp::start().await;
    let organization = Organization::unverified(&app, "acme").await;
    let session = log_in(&app, &organization.email, PASSWORD, 200).await;
    let own = TestClient::with_bearer(&app.url, session["access_token"].as_str().unwrap());
    let change = json!({"current_password": PASSWORD, "new_password": NEW});
    app.anonymous().post("/auth/change-password", &change, 401).await;
    assert_eq!(organization.key.post("/auth/change-password", &change, 403).await["code"], "person_required");
    let wrong = json!({"current_password": "not the password", "new_password": NEW});
    assert_eq!(own.post("/auth/change-password", &wrong, 400).await["field"], "current_password");
    own.post("/auth/change-password", &change, 204).await;
    log_in(&app, &organization.email, PASSWORD, 401).await;
    log_in(&app, &organization.email, NEW, 200).await;
    app.anonymous().post("/auth/refresh", &json!({"refresh_token": session["refresh_token"]}), 200).await;
}

#[tokio::test]
async fn a_verification_mail_can_be_asked_for_again() {
    let app = TestApp::start().await;
    let organization = Organization::unverified(&app, "acme").await;
    let first = app.mailed_token(&organization.email);
    let body = json!({"email": organization.email});
    app.anonymous().post("/auth/resend-verification", &body, 202).await;
    let second = eventually(Duration::from_secs(5), async || {
        Some(app.mailed_token(&organization.email)).filter(|token| *token != first).ok_or("no mail")
    })
    .await;
    app.anonymous().get(&format!("/auth/verify-email?token={second}"), 200).await;
    app.anonymous().post("/auth/resend-verification", &json!({"email": "nobody@acme.example"}), 202).await;
    let missing = app.anonymous().post("/auth/resend-verification", &json!({}), 400).await;
    assert_eq!(missing["field"], "email");
}
