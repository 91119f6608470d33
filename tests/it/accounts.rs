//! Signing up, in, on and out; keys; the limit of the unverified.

use reqwest::{Method, header::SET_COOKIE};
use serde_json::json;

use crate::harness::{Organization, PASSWORD, TestApp, TestClient};

fn somewhere(name: &str) -> serde_json::Value {
    json!({"name": name, "engine": "postgres", "host": "127.0.0.1", "port": 1})
}

#[tokio::test]
async fn signup_answers_with_a_session_and_a_taken_address_with_409() {
    let app = TestApp::start().await;
    let organization = Organization::unverified(&app, "acme").await;
    let me = organization.owner.get("/auth/me", 200).await;
    assert_eq!(me["user"]["email"], organization.email);
    assert_eq!(me["user"]["role"], "owner");
    assert_eq!(me["user"]["instance_admin"], true, "the first account runs the instance");
    assert_eq!(me["organization"]["verified"], true, "there is no mail server to prove the address by");
    let by_key = organization.key.get("/auth/me", 200).await;
    assert_eq!(by_key["organization"]["id"], me["organization"]["id"]);
    assert!(by_key.get("user").is_none(), "{by_key}");

    let again = json!({"email": organization.email, "password": PASSWORD, "name": "B", "org_name": "B"});
    assert_eq!(app.anonymous().post("/auth/signup", &again, 409).await["code"], "email_taken");
}

#[tokio::test]
async fn signup_checks_each_field() {
    let app = TestApp::start_with(&[]).await;
    for (field, value) in [("email", "nobody"), ("password", "short"), ("name", ""), ("org_name", "")] {
        let mut body = json!({"email": "a@b.example", "password": PASSWORD, "name": "A", "org_name": "A"});
        body[field] = json!(value);
        let answer = app.anonymous().post("/auth/signup", &body, 400).await;
        assert_eq!(answer["field"], field, "{answer}");
    }
}

#[tokio::test]
async fn verification_removes_the_limit_of_one_database_and_works_once() {
    let app = TestApp::start().await;
    let first = Organization::unverified(&app, "operator").await;
    for name in ["first", "second"] {
        first.key.post("/databases", &somewhere(name), 201).await;
    }
    let organization = Organization::unverified(&app, "acme").await;
    assert_eq!(organization.owner.get("/auth/me", 200).await["organization"]["verified"], false);
    organization.key.post("/databases", &somewhere("first"), 201).await;
    let refused = organization.key.post("/databases", &somewhere("second"), 403).await;
    assert_eq!(refused["code"], "verification_required");

    let path = format!("/auth/verify-email?token={}", app.mailed_token(&organization.email));
    app.anonymous().get(&path, 200).await;
    organization.key.post("/databases", &somewhere("second"), 201).await;
    app.anonymous().get(&path, 400).await;
    app.anonymous().get("/auth/verify-email?token=nonsense", 400).await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let app = TestApp::start().await;
    let organization = Organization::unverified(&app, "acme").await;
    let login = async |email: &str, password: &str, status| {
        app.anonymous().post("/auth/login", &json!({"email": email, "password": password}), status).await
    };
    let session = login(&organization.email, PASSWORD, 200).await;
    assert_eq!(session["expires_in"], 900);
    let wrong = login(&organization.email, "not the password", 401).await;
    let unknown = login("nobody@acme.example", PASSWORD, 401).await;
    assert_eq!((&wrong["error"], &wrong["code"]), (&unknown["error"], &unknown["code"]));
}

#[tokio::test]
async fn an_old_refresh_token_revokes_its_family() {
    let app = TestApp::start().await;
    let organization = Organization::unverified(&app, "acme").await;
    let login = json!({"email": organization.email, "password": PASSWORD});
    let first = app.anonymous().post("/auth/login", &login, 200).await;
    let refresh = async |session: &serde_json::Value, status| {
        let body = json!({"refresh_token": session["refresh_token"]});
        app.anonymous().post("/auth/refresh", &body, status).await
    };
    let second = refresh(&first, 200).await;
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    refresh(&first, 401).await;
    refresh(&second, 401).await;
}

#[tokio::test]
async fn cookies_carry_a_session_until_logout() {
    let app = TestApp::start().await;
    let organization = Organization::unverified(&app, "acme").await;
    let browser = app.anonymous();
    let login = json!({"email": organization.email, "password": PASSWORD});
    let answer = browser.request(Method::POST, "/auth/login").json(&login).send().await.unwrap();
    for cookie in answer.headers().get_all(SET_COOKIE) {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    }
    browser.get("/auth/me", 200).await;

    // Without an Origin of ours a cookie changes nothing.
    let key = browser.request(Method::POST, "/api-keys").json(&json!({"name": "forged"}));
    let forged = key.header("Origin", "http://elsewhere.example").send().await.unwrap();
    assert_eq!(forged.status().as_u16(), 403);

    let logout =
        browser.request(Method::POST, "/auth/logout").header("Origin", &app.url).send().await.unwrap();
    assert_eq!(logout.status().as_u16(), 204);
    browser.get("/auth/me", 401).await;
}

#[tokio::test]
async fn an_api_key_is_shown_once_and_revoked_at_once() {
    let app = TestApp::start().await;
    let organization = Organization::unverified(&app, "acme").await;
    let made = organization.owner.post("/api-keys", &json!({"name": "ci"}), 201).await;
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("dbm_ak_"), "{key}");
    let client = TestClient::with_bearer(&app.url, key);
    client.get("/databases", 200).await;
    let header =
        app.anonymous().request(Method::GET, "/databases").header("X-API-Key", key).send().await.unwrap();
    assert_eq!(header.status().as_u16(), 200);

    let secret = key.rsplit('_').next().unwrap();
    let listed = organization.owner.get("/api-keys", 200).await;
    assert!(!listed.to_string().contains(secret), "the secret is listed");

    organization.owner.delete(&format!("/api-keys/{}", made["id"].as_str().unwrap()), 204).await;
    client.get("/databases", 401).await;
    let listed = organization.owner.get("/api-keys?include_revoked=true", 200).await;
    let revoked = listed.as_array().unwrap().iter().find(|line| line["id"] == made["id"]).unwrap();
    assert!(revoked["revoked_at"].is_string(), "{revoked}");
}

#[tokio::test]
async fn accounts_survive_sigkill() {
    let mut app = TestApp::start().await;
    let organization = Organization::unverified(&app, "acme").await;
    app.kill().await;
    app.start_again().await;
    organization.moved_to(&app).get("/databases", 200).await;
    let owner = TestClient::with_bearer(&app.url, organization.owner.bearer());
    owner.get("/auth/me", 200).await;
}
