//! Who gets an account, where, and what they may do there.

use serde_json::json;

use super::ADA;
use crate::harness::{Browser, OpenIdProvider, Organization};

#[tokio::test]
async fn the_signup_policy_applies_to_providers() {
    let provider = OpenIdProvider::start().await;
    for policy in ["invite", "closed"] {
        let app = provider.app(&[("AUTH__SIGNUP", policy)]).await;
        assert_eq!(Browser::new().signs_in(&app, ADA).await.refused(403), "signup_closed", "{policy}");
    }
    // an organization that newcomers join invites them; where nobody may come, nobody comes
    let joins = ("AUTH__OIDC__CORP__ORGANIZATION", "acme");
    let app = provider.app(&[("AUTH__SIGNUP", "closed"), joins]).await;
    assert_eq!(Browser::new().signs_in(&app, ADA).await.refused(403), "signup_closed");
    let app = provider.app(&[("AUTH__SIGNUP", "invite"), joins]).await;
    assert_eq!(Browser::new().signs_in(&app, ADA).await.refused(403), "organization_missing");
}

#[tokio::test]
async fn new_accounts_join_the_organization_of_the_provider() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[("AUTH__OIDC__CORP__ORGANIZATION", "acme")]).await;
    let acme = Organization::verified(&app, "acme").await;
    let browser = Browser::new();
    assert_eq!(browser.signs_in(&app, ADA).await.status, 303);
    let me = browser.me(&app).await;
    assert_eq!(me["organization"], acme.owner.get("/auth/me", 200).await["organization"]);
    assert_eq!((&me["user"]["role"], &me["user"]["instance_admin"]), (&json!("viewer"), &json!(false)));
    // a viewer reads, and no more
    assert_eq!(browser.asks(&app, "/databases").await.status, 200);
    assert_eq!(browser.posts(&app, "/api-keys", &json!({"name": "mine"})).await.status, 403);
    // no password was ever set: none is right
    for password in ["", "any", "12345678"] {
        let login = json!({"email": "ada@corp.example", "password": password});
        app.anonymous().post("/auth/login", &login, 401).await;
    }
}

#[tokio::test]
async fn a_claim_sets_the_role_at_each_sign_in() {
    let provider = OpenIdProvider::start().await;
    let settings = [
        ("AUTH__OIDC__CORP__ORGANIZATION", "acme"),
        ("AUTH__OIDC__CORP__ROLE_CLAIM", "groups"),
        ("AUTH__OIDC__CORP__ROLES", "dba=admin,dev=member,boss=owner"),
    ];
    let app = provider.app(&settings).await;
    let acme = Organization::verified(&app, "acme").await;
    let role = async |sub: &str, email: &str, groups: &str| {
        let browser = Browser::new();
        let person = format!("sub={sub}&email={email}&verified=yes&groups={groups}");
        assert_eq!(browser.signs_in(&app, &person).await.status, 303);
        browser.me(&app).await["user"]["role"].as_str().unwrap().to_owned()
    };
    assert_eq!(role("ada", "ada@x.example", "dev,dba").await, "admin");
    assert_eq!(role("ada", "ada@x.example", "dev").await, "member");
    assert_eq!(role("ada", "ada@x.example", "other").await, "viewer");
    // the owner's address was proved by mail and at the provider: they are one. The last owner stays one
    assert_eq!(role("owner", &acme.email, "dev").await, "owner");
    assert_eq!(role("ada", "ada@x.example", "boss").await, "owner");
    assert_eq!(role("owner", &acme.email, "dev").await, "member");
    // who has another home keeps the role there
    let other = Organization::verified(&app, "other").await;
    assert_eq!(role("elsewhere", &other.email, "dev").await, "owner");
}

#[tokio::test]
async fn only_verified_addresses_of_allowed_domains_are_accepted() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[("AUTH__OIDC__CORP__ALLOWED_DOMAINS", "Corp.example,sub.corp.example")]).await;
    for person in [
        "sub=1&email=eve@evil.example&verified=yes",
        "sub=1&email=eve@corp.example.evil.example&verified=yes",
        "sub=1&email=eve@other.corp.example&verified=yes",
        "sub=1&email=eve@corp.example&verified=no",
        "sub=1&email=eve@corp.example",
        "sub=1",
    ] {
        let refused = Browser::new().signs_in(&app, person).await;
        assert_eq!(refused.refused(403), "domain_not_allowed", "{person}");
    }
    assert_eq!(Browser::new().signs_in(&app, ADA).await.status, 303);
    assert_eq!(
        Browser::new().signs_in(&app, "sub=2&email=b@SUB.corp.example&verified=yes").await.status,
        303
    );
    // who leaves the domain is out, though known
    let left = Browser::new().signs_in(&app, "sub=ada&email=ada@home.example&verified=yes").await;
    assert_eq!(left.refused(403), "domain_not_allowed");
}

#[tokio::test]
async fn new_accounts_without_a_verified_address_are_refused() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    for person in
        ["sub=1", "sub=1&email=a@x.example", "sub=1&email=a@x.example&verified=no", "sub=1&verified=yes"]
    {
        assert_eq!(Browser::new().signs_in(&app, person).await.refused(403), "email_unproved", "{person}");
    }
}
