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
async fn changing_a_password_requires_the_current_one() {
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

#[tokio::test]
async fn the_operator_can_remove_a_second_factor() {
    let app = TestApp::start().await;
    let organization = Organization::unverified(&app, "acme").await;
    let owner = &organization.owner;
    let enrolment = owner.post("/auth/totp", &json!({"password": PASSWORD}), 201).await;
    assert!(enrolment["otpauth_url"].as_str().unwrap().starts_with("otpauth://totp/Basira:"), "{enrolment}");
    let secret = totp_rs::Secret::try_from_base32(enrolment["secret"].as_str().unwrap()).unwrap();
    let device = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let shown = || {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        device.generate(now).to_string()
    };
    let confirmed = owner.post("/auth/totp/confirm", &json!({"code": shown()}), 200).await;
    let code = confirmed["recovery_codes"][0].as_str().unwrap();
    assert_eq!(owner.get("/auth/totp", 200).await, json!({"enabled": true, "recovery_codes_left": 10}));
    assert_eq!(owner.post("/auth/totp", &json!({"password": PASSWORD}), 409).await["code"], "totp_enabled");

    let refused = log_in(&app, &organization.email, PASSWORD, 401).await;
    assert_eq!(refused["code"], "totp_required");
    let mut body = json!({"email": organization.email, "password": PASSWORD, "code": "nonsense"});
    assert_eq!(app.anonymous().post("/auth/login", &body, 401).await["code"], "bad_totp_code");
    body["code"] = json!(code);
    app.anonymous().post("/auth/login", &body, 200).await;
    app.anonymous().post("/auth/login", &body, 401).await;

    let nobody = app.admin(&["disable-totp", "nobody@acme.example"]).await;
    assert!(!nobody.status.success() && String::from_utf8_lossy(&nobody.stderr).contains("has no account"));
    let done = app.admin(&["disable-totp", &organization.email.to_uppercase()]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let entries = owner.get("/admin/audit?action=basira%20admin%20disable-totp", 200).await;
    assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
    log_in(&app, &organization.email, PASSWORD, 200).await;
    let body = json!({"password": PASSWORD, "code": code});
    assert_eq!(owner.post("/auth/totp/disable", &body, 409).await["code"], "totp_not_enrolled");
}
