//! Signing in with OpenID Connect at a real provider.

mod invitations;
mod linking;
mod mismatched_responses;
mod new_accounts;
mod validation;

use serde_json::json;
use url::Url;

use crate::harness::{Browser, OpenIdProvider};

const ADA: &str = "sub=ada&email=Ada@corp.example&verified=yes&name=Ada%20L.&groups=dba";

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_second_sign_in_uses_the_same_account() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[("AUTH__OIDC__CORP__LABEL", "Corp")]).await;
    let listed = app.anonymous().get("/auth/oidc", 200).await;
    assert_eq!(listed, json!([{"name": "corp", "label": "Corp", "start": "/api/v1/auth/oidc/corp/start"}]));
    app.anonymous().get("/auth/oidc/other/start", 404).await;

    let browser = Browser::new();
    let begun = browser.asks(&app, "/auth/oidc/corp/start?return_to=/databases%3Ftag=a%23top").await;
    assert_eq!(begun.status, 303);
    let kept = &begun.cookies[0];
    assert!(kept.contains("; HttpOnly") && kept.contains("; SameSite=Lax"), "{kept}");
    let page = begun.location.unwrap();
    assert!(page.as_str().starts_with(&provider.issuer), "{page}");
    assert_eq!(parameter(&page, "code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(parameter(&page, "scope").as_deref(), Some("openid email profile"));

    let back = browser.logs_in(page, ADA).await;
    let done = browser.open(back.as_str()).await;
    assert_eq!((done.status, done.cookies.len()), (303, 3), "{done:?}");
    assert_eq!(done.location.unwrap().as_str(), format!("{}/databases?tag=a#top", app.url));
    let me = browser.me(&app).await;
    assert_eq!((&me["user"]["email"], &me["user"]["name"]), (&json!("ada@corp.example"), &json!("Ada L.")));
    assert_eq!((&me["user"]["role"], &me["organization"]["verified"]), (&json!("owner"), &json!(true)));

    // the provider remembers the person: no form this time, and no other account
    let again = browser.signs_in(&app, "sub=nobody, who is not asked").await;
    assert_eq!((again.status, again.location.unwrap().path()), (303, "/"));
    assert_eq!(browser.me(&app).await, me);
    // in another browser, with another address: still the same person
    let elsewhere = Browser::new();
    assert_eq!(elsewhere.signs_in(&app, "sub=ada&email=ada@new.example&verified=no").await.status, 303);
    assert_eq!(elsewhere.me(&app).await, me);
    assert!(!app.log().contains("a secret"), "the client's secret is in the log");
}

#[tokio::test]
async fn behind_https_the_sign_in_cookie_is_host_prefixed() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[("HTTP__PUBLIC_URL", "https://basira.example")]).await;
    let begun = Browser::new().asks(&app, "/auth/oidc/corp/start").await;
    let kept = &begun.cookies[0];
    assert!(kept.starts_with("__Host-basira_sign_in=") && kept.contains("; Path=/; "), "{kept}");
    assert!(kept.ends_with("; Secure") && kept.contains("; Max-Age=600;"), "{kept}");
    let redirect = parameter(&begun.location.unwrap(), "redirect_uri");
    assert_eq!(redirect.as_deref(), Some("https://basira.example/api/v1/auth/oidc/corp/callback"));
}

#[tokio::test]
async fn the_return_path_stays_on_this_server() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    for elsewhere in [
        "https://evil.example/",
        "//evil.example/",
        "/%5Cevil.example/",
        "%5C%5Cevil.example",
        "/%09/evil.example/",
        "/..//evil.example",
        "/.//evil.example",
        "/a/..//evil.example",
        "/%252e%252e//evil.example",
        "/..%5C/evil.example",
        "databases",
        "javascript:alert(1)",
        "",
    ] {
        let page = Browser::new().asks(&app, &format!("/auth/oidc/corp/start?return_to={elsewhere}")).await;
        assert_eq!((page.status, &page.json()["field"]), (400, &json!("return_to")), "{elsewhere}");
    }
}

#[tokio::test]
async fn a_sign_in_denied_at_the_provider_is_refused() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    let browser = Browser::new();
    let form = browser.open(browser.starts(&app).await.as_str()).await.location.unwrap();
    let mut page = browser.open(&format!("{form}/abort")).await;
    while !page.location.as_ref().unwrap().path().ends_with("/callback") {
        page = browser.open(page.location.unwrap().as_str()).await;
    }
    let back = page.location.unwrap();
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    let refused = browser.open(back.as_str()).await;
    assert_eq!(refused.refused(403), "sign_in_refused");
    assert!(refused.body.contains("access_denied"), "{refused:?}");
}
