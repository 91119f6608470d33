//! Accounts that were there before: linked by an address that both sides proved, or by who is signed in.

use std::fs;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Browser, OpenIdProvider, Organization, PASSWORD, TestApp, TestClient, eventually};

/// A browser that is logged in as the owner of `organization`.
async fn logged_in(app: &TestApp, organization: &Organization) -> Browser {
    let browser = Browser::new();
    let login = json!({"email": organization.email, "password": PASSWORD});
    assert_eq!(browser.posts(app, "/auth/login", &login).await.status, 200);
    browser
}

#[tokio::test]
async fn an_account_is_linked_only_when_both_sides_verified_the_address() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    let proved = Organization::verified(&app, "proved").await;
    let unproved = Organization::unverified(&app, "unproved").await;
    let person = |email: &str, verified: &str| format!("sub={email}&email={email}&verified={verified}");

    // the provider does not vouch for the address: anybody could have written it
    for email in [&proved.email, &unproved.email] {
        let refused = Browser::new().signs_in(&app, &person(email, "no")).await;
        assert_eq!(refused.refused(403), "email_unproved");
    }
    // somebody signed up here with an address that may be another's
    let refused = Browser::new().signs_in(&app, &person(&unproved.email, "yes")).await;
    assert_eq!(refused.refused(409), "link_required");
    assert_eq!(unproved.owner.get("/auth/identities", 200).await, json!([]));

    let browser = Browser::new();
    assert_eq!(browser.signs_in(&app, &person(&proved.email, "yes")).await.status, 303);
    assert_eq!(browser.me(&app).await, proved.owner.get("/auth/me", 200).await);
    // from now on it is the identity that counts, whatever becomes of the address there
    let moved = format!("sub={}&email=moved@x.example&verified=no", proved.email);
    let browser = Browser::new();
    assert_eq!(browser.signs_in(&app, &moved).await.status, 303);
    assert_eq!(browser.me(&app).await["user"]["email"], proved.email);
    // the password still works
    logged_in(&app, &proved).await;
}

#[tokio::test]
async fn a_signed_in_user_may_link_an_identity_with_another_address() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    let acme = Organization::unverified(&app, "acme").await;
    let ada = "sub=ada&email=someone@else.example&verified=no";

    let browser = logged_in(&app, &acme).await;
    let begun = browser.posts(&app, "/auth/oidc/corp/link", &json!({"return_to": "/account"})).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    let page = begun.json()["url"].as_str().unwrap().parse().unwrap();
    let back = browser.logs_in(page, ada).await;
    let done = browser.open(back.as_str()).await;
    assert_eq!((done.status, done.location.as_ref().unwrap().path()), (303, "/account"), "{done:?}");
    assert_eq!(done.cookies.len(), 1, "no other session is begun: {done:?}");

    let other = Browser::new();
    assert_eq!(other.signs_in(&app, ada).await.status, 303);
    assert_eq!(other.me(&app).await["user"]["email"], acme.email);
    let identities = acme.owner.get("/auth/identities", 200).await;
    assert_eq!(
        (&identities[0]["issuer"], &identities[0]["subject"]),
        (&json!(provider.issuer), &json!("ada"))
    );
    assert_eq!(acme.key.get("/auth/identities", 200).await, json!([]));

    // what is somebody's cannot become another's, nor be taken away by them
    let beta = Organization::unverified(&app, "beta").await;
    let browser = logged_in(&app, &beta).await;
    let begun = browser.posts(&app, "/auth/oidc/corp/link", &json!({})).await;
    let back = browser.logs_in(begun.json()["url"].as_str().unwrap().parse().unwrap(), ada).await;
    assert_eq!(browser.open(back.as_str()).await.refused(409), "identity_taken");
    let path = format!("/auth/identities/{}", identities[0]["id"].as_str().unwrap());
    beta.owner.delete(&path, 404).await;
    acme.key.delete(&path, 404).await;
    acme.owner.delete(&path, 204).await;
    assert_eq!(acme.owner.get("/auth/identities", 200).await, json!([]));
    assert_eq!(Browser::new().signs_in(&app, ada).await.refused(403), "email_unproved");
}

#[tokio::test]
async fn linking_requires_a_session_and_an_origin_of_this_server() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    let acme = Organization::unverified(&app, "acme").await;
    app.anonymous().post("/auth/oidc/corp/link", &json!({}), 401).await;
    acme.key.post("/auth/oidc/corp/link", &json!({}), 403).await;
    // another site's page can make a browser send this, but not as one of ours
    let victim = TestClient::anonymous(&app.url);
    victim.post("/auth/login", &json!({"email": acme.email, "password": PASSWORD}), 200).await;
    for origin in [None, Some("https://evil.example")] {
        let mut request = victim.request(Method::POST, "/auth/oidc/corp/link").json(&json!({}));
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        assert_eq!(request.send().await.unwrap().status().as_u16(), 403, "{origin:?}");
    }
    // to begin a sign-in while signed in links nothing: it signs in anew
    let browser = logged_in(&app, &acme).await;
    assert_eq!(browser.signs_in(&app, "sub=eve&email=eve@x.example&verified=yes").await.status, 303);
    assert_eq!(browser.me(&app).await["user"]["email"], "eve@x.example");
    assert_eq!(acme.owner.get("/auth/identities", 200).await, json!([]));
}

#[tokio::test]
async fn a_link_is_announced_by_mail_and_removed_by_a_password_reset() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    let acme = Organization::verified(&app, "acme").await;
    let eve = "sub=eve&email=eve@else.example&verified=no";
    // a wrong password is worse than none
    let wrong = json!({"password": "wrong horse"});
    acme.owner.post("/auth/oidc/corp/link", &wrong, 400).await;
    let browser = logged_in(&app, &acme).await;
    let begun = browser.posts(&app, "/auth/oidc/corp/link", &json!({"password": PASSWORD})).await;
    let back = browser.logs_in(begun.json()["url"].as_str().unwrap().parse().unwrap(), eve).await;
    assert_eq!(browser.open(back.as_str()).await.status, 303);
    assert_eq!(mails_with(&app, "How you sign in was changed"), 1);
    assert_eq!(Browser::new().signs_in(&app, eve).await.status, 303);
    // and another one that is not finished yet
    let begun = browser.posts(&app, "/auth/oidc/corp/link", &json!({})).await;
    let second = "sub=eve2&email=eve@else.example&verified=no";
    let back = Browser::new().logs_in(begun.json()["url"].as_str().unwrap().parse().unwrap(), second).await;

    app.anonymous().post("/auth/forgot-password", &json!({"email": acme.email}), 202).await;
    let token = eventually(Duration::from_secs(10), async || {
        if mails_with(&app, "reset-password#token") > 0 {
            Ok(app.mailed_token(&acme.email))
        } else {
            Err("no mail yet")
        }
    })
    .await;
    let reset = json!({"token": token, "password": "another horse"});
    app.anonymous().post("/auth/reset-password", &reset, 200).await;
    assert_eq!(browser.open(back.as_str()).await.refused(403), "fresh_login_required");
    assert_eq!(Browser::new().signs_in(&app, eve).await.refused(403), "email_unproved");
    assert_eq!(Browser::new().signs_in(&app, second).await.refused(403), "email_unproved");
}

/// How many mails hold `words`.
fn mails_with(app: &TestApp, words: &str) -> usize {
    let mails = fs::read_dir(app.data_dir().join("mail")).unwrap().map(|mail| mail.unwrap().path());
    let mails = mails.map(|path| fs::read_to_string(path).unwrap_or_default());
    let mails = mails.map(|mail| mail.replace("=\r\n", "").replace("=3D", "="));
    mails.filter(|mail| mail.contains(words)).count()
}
