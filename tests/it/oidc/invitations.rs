//! Invitations that are accepted by signing in with a provider.

use serde_json::json;

use crate::harness::{Browser, OpenIdProvider, Organization, Page, TestApp, TestClient};

const BOB: &str = "sub=bob&email=Bob@corp.example&verified=yes&name=Bob%20B.";

/// Accepts the invitation of `token` as `person`.
async fn accepts(app: &TestApp, browser: &Browser, token: &str, person: &str) -> Page {
    let body = json!({"token": token, "return_to": "/accept-invitation#joined"});
    let begun = browser.posts(app, "/auth/oidc/corp/accept-invitation", &body).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    let page = begun.json()["url"].as_str().expect("a page").parse().expect("a URL");
    let back = browser.logs_in(page, person).await;
    browser.open(back.as_str()).await
}

#[tokio::test]
async fn an_invitation_is_accepted_with_the_identity_of_the_provider() {
    let provider = OpenIdProvider::start().await;
    let mut app = provider.app(&[]).await;
    let acme = Organization::verified(&app, "acme").await;
    let acme = acme.owner.bearer().to_owned();
    app.kill().await;
    app.set("AUTH__SIGNUP", "invite");
    app.start_again().await;
    let owner = TestClient::with_bearer(&app.url, &acme);
    owner.post("/invitations", &json!({"email": "bob@corp.example", "role": "member"}), 201).await;
    let token = app.mailed_token("bob@corp.example");

    // a link that was passed on, or an address that anybody could have written, is worth nothing
    let eve = accepts(&app, &Browser::new(), &token, "sub=eve&email=eve@corp.example&verified=yes").await;
    assert_eq!(eve.refused(403), "invitation_for_another");
    let eve = accepts(&app, &Browser::new(), &token, "sub=eve&email=bob@corp.example&verified=no").await;
    assert_eq!(eve.refused(403), "email_unproved");

    let browser = Browser::new();
    let done = accepts(&app, &browser, &token, BOB).await;
    assert_eq!(done.status, 303, "{done:?}");
    assert_eq!(done.location.expect("a page").as_str(), format!("{}/accept-invitation#joined", app.url));
    let me = browser.me(&app).await;
    assert_eq!((&me["user"]["email"], &me["user"]["name"]), (&json!("bob@corp.example"), &json!("Bob B.")));
    assert_eq!((&me["user"]["role"], &me["organization"]["slug"]), (&json!("member"), &json!("acme")));
    let again = Browser::new();
    assert_eq!(again.signs_in(&app, BOB).await.status, 303);
    assert_eq!(again.me(&app).await, me);
    let spent = json!({"token": token});
    let refused = Browser::new().posts(&app, "/auth/oidc/corp/accept-invitation", &spent).await;
    assert_eq!(refused.refused(400), "bad_email_token");
    assert_eq!(owner.get("/invitations", 200).await, json!([]));

    // somebody who is known by the provider already stays who they are
    owner.post("/invitations", &json!({"email": "new@corp.example", "role": "viewer"}), 201).await;
    let moved = "sub=bob&email=new@corp.example&verified=yes";
    let refused = accepts(&app, &Browser::new(), &app.mailed_token("new@corp.example"), moved).await;
    assert_eq!(refused.refused(409), "identity_taken");
}

#[tokio::test]
async fn an_invitation_is_refused_where_signup_is_closed() {
    let provider = OpenIdProvider::start().await;
    let mut app = provider.app(&[]).await;
    let acme = Organization::verified(&app, "acme").await;
    let cy = json!({"email": "cy@corp.example", "role": "viewer"});
    acme.owner.post("/invitations", &cy, 201).await;
    let token = app.mailed_token("cy@corp.example");
    app.kill().await;
    app.set("AUTH__SIGNUP", "closed");
    app.start_again().await;
    let body = json!({"token": token});
    let refused = Browser::new().posts(&app, "/auth/oidc/corp/accept-invitation", &body).await;
    assert_eq!(refused.refused(403), "signup_closed");
}
