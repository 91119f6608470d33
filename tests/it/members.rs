//! Who may join, who goes, and what is left of an organization: with the real binary.

use std::process::Output;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{LiveStream, Organization, PASSWORD, TestApp, TestClient, TestDatabase};

async fn accept(app: &TestApp, email: &str, status: u16) -> Value {
    let body = json!({"token": app.mailed_token(email), "name": "Bob", "password": PASSWORD});
    app.anonymous().post("/auth/accept-invitation", &body, status).await
}

#[tokio::test]
async fn where_signup_is_by_invitation_others_cannot_sign_up() {
    let mut app = TestApp::start().await;
    let organization = Organization::verified(&app, "acme").await;
    app.kill().await;
    app.set("AUTH__SIGNUP", "invite");
    app.start_again().await;
    let owner = TestClient::with_bearer(&app.url, organization.owner.bearer());
    let signup = json!({"email": "eve@x.example", "password": PASSWORD, "name": "Eve", "org_name": "x"});
    assert_eq!(app.anonymous().post("/auth/signup", &signup, 403).await["code"], "signup_closed");
    owner.post("/invitations", &json!({"email": "bob@acme.example", "role": "member"}), 201).await;
    let joined = accept(&app, "bob@acme.example", 201).await;
    let bob = TestClient::with_bearer(&app.url, joined["access_token"].as_str().unwrap());
    assert_eq!(bob.get("/auth/me", 200).await["user"]["role"], "member");

    app.kill().await;
    app.set("AUTH__SIGNUP", "closed");
    app.start_again().await;
    let owner = TestClient::with_bearer(&app.url, organization.owner.bearer());
    let refused =
        owner.post("/invitations", &json!({"email": "cy@acme.example", "role": "member"}), 403).await;
    assert_eq!(refused["code"], "signup_closed");
}

#[tokio::test]
async fn a_deleted_organization_leaves_no_rows_and_its_databases_are_not_polled() {
    let app = TestApp::start().await;
    let kept = Organization::verified(&app, "kept").await;
    let gone = Organization::verified(&app, "gone").await;
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let registered = gone.register(&database).await;
    registered.connected().await;
    let mut stream = LiveStream::open(
        &app.url,
        &registered.id,
        "interval=1",
        &[("authorization", format!("Bearer {}", gone.key.bearer()))],
    )
    .await
    .unwrap();
    stream.frame_of("snapshot").await;
    let held = app.admin(&["store", "--json"]).await;
    assert!(String::from_utf8_lossy(&held.stdout).contains(&registered.id));

    gone.owner.delete("/organization?confirm=gone", 204).await;
    assert!([4401, 4404].contains(&stream.close_code().await));
    gone.owner.get("/auth/me", 401).await;
    gone.key.get("/databases", 401).await;
    let login = json!({"email": gone.email, "password": PASSWORD});
    app.anonymous().post("/auth/login", &login, 401).await;
    let held = app.admin(&["store", "--json"]).await;
    assert!(held.status.success());
    assert!(!String::from_utf8_lossy(&held.stdout).contains(&registered.id), "samples are left");
    let entries = kept.owner.get("/admin/audit", 200).await;
    let deletion =
        entries.as_array().unwrap().iter().find(|entry| entry["action"] == "DELETE /api/v1/organization");
    assert_eq!(deletion.expect("an entry")["details"]["slug"], "gone");
    Organization::unverified(&app, "gone").await;
}

#[tokio::test]
async fn the_operator_appoints_instance_admins_and_the_audit_log_records_it() {
    let app = TestApp::start().await;
    let first = Organization::unverified(&app, "first").await;
    let second = Organization::unverified(&app, "second").await;
    second.owner.get("/admin/organizations", 403).await;
    let admin = async |arguments: &[&str]| {
        let output = app.admin(&[&["instance-admin"], arguments].concat()).await;
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    assert!(!admin(&["revoke", &first.email]).await.0, "the last one stays");
    assert!(!admin(&["grant", "nobody@x.example"]).await.0);
    let granted = admin(&["grant", &second.email]).await;
    assert!(granted.0, "{}", granted.1);
    assert!(admin(&["list"]).await.1.contains(&second.email));
    crate::harness::eventually(std::time::Duration::from_secs(5), async || {
        let answer =
            second.owner.send(Method::GET, "/admin/organizations", "application/json", String::new());
        match answer.await.status().as_u16() {
            200 => Ok(()),
            status => Err(status),
        }
    })
    .await;
    let revoked = admin(&["revoke", &first.email]).await;
    assert!(revoked.0, "{}", revoked.1);
    let entries = second.owner.get("/admin/audit?action=basira%20admin%20instance-admin%20revoke", 200).await;
    assert_eq!((&entries[0]["actor_kind"], &entries[0]["outcome"]), (&json!("operator"), &json!("done")));
}

/// The token of the link that `basira admin` printed.
fn printed_token(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, token) = text.split_once("/reset-password#token=").expect("a link");
    token.lines().next().expect("a token").to_owned()
}

#[tokio::test]
async fn where_signup_is_closed_the_operator_creates_accounts_without_mail() {
    let app = TestApp::start_with(&[("AUTH__SIGNUP", "closed")]).await;
    let made = app.admin(&["create-organization", "Acme, Inc.", " Ada@x.example"]).await;
    let chosen = json!({"token": printed_token(&made), "password": PASSWORD});
    let login = json!({"email": "ada@x.example", "password": PASSWORD});
    app.anonymous().post("/auth/login", &login, 401).await;
    app.anonymous().post("/auth/reset-password", &chosen, 200).await;
    let session = app.anonymous().post("/auth/login", &login, 200).await;
    let ada = TestClient::with_bearer(&app.url, session["access_token"].as_str().unwrap());
    let me = ada.get("/auth/me", 200).await;
    assert_eq!((&me["user"]["role"], &me["user"]["instance_admin"]), (&json!("owner"), &json!(true)));
    assert_eq!(
        (&me["organization"]["slug"], &me["organization"]["verified"]),
        (&json!("acme-inc"), &json!(true))
    );

    for (arguments, why) in [
        (["create-organization", "Other", "ada@x.example"], "has an account already"),
        (["create-organization", "Other", "no address"], "email"),
        (["create-organization", " ", "bob@x.example"], "organization"),
    ] {
        let refused = app.admin(&arguments).await;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(why), "{arguments:?}: {said}");
    }
    let unknown = app.admin(&["reset-password", "nobody@x.example"]).await;
    assert!(!unknown.status.success());
    let offered = printed_token(&app.admin(&["reset-password", "ADA@x.example"]).await);
    app.anonymous().post("/auth/login", &login, 200).await;
    let chosen = json!({"token": offered, "password": "another horse"});
    app.anonymous().post("/auth/reset-password", &chosen, 200).await;
    ada.get("/auth/me", 401).await;
    let login = json!({"email": "ada@x.example", "password": "another horse"});
    let session = app.anonymous().post("/auth/login", &login, 200).await;
    let ada = TestClient::with_bearer(&app.url, session["access_token"].as_str().unwrap());
    for command in ["create-organization", "reset-password"] {
        let entries = ada.get(&format!("/admin/audit?action=basira%20admin%20{command}"), 200).await;
        assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
        assert_eq!(entries[0]["details"]["user_id"], me["user"]["id"]);
    }
}
