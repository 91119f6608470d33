//! Answers that belong to another sign-in, another browser or another time.

use url::Url;

use super::{ADA, parameter};
use crate::harness::{Browser, OpenIdProvider};

fn with(url: &Url, name: &str, value: &str) -> String {
    let pairs: Vec<_> = url.query_pairs().filter(|(key, _)| key != name).collect();
    let mut changed = url.clone();
    changed.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
    changed.to_string()
}

#[tokio::test]
async fn two_browsers_are_not_mixed_up() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    let (ada, eve) = (Browser::new(), Browser::new());
    let adas = ada.logs_in(ada.starts(&app).await, ADA).await;
    let eves = eve.logs_in(eve.starts(&app).await, "sub=eve&email=eve@x.example&verified=yes").await;

    // Eve's link in Ada's browser would sign Ada in as Eve, and the other way round
    assert_eq!(ada.open(eves.as_str()).await.refused(400), "sign_in_not_begun");
    assert_eq!(eve.open(adas.as_str()).await.refused(400), "sign_in_not_begun");
    assert_eq!(Browser::new().open(adas.as_str()).await.refused(400), "sign_in_not_begun");
    for state in ["", "another", &parameter(&eves, "state").unwrap()] {
        assert_eq!(ada.open(&with(&adas, "state", state)).await.refused(400), "sign_in_not_begun");
    }
    // the provider says who it is: another's answer is not taken
    for issuer in ["https://evil.example", "", &format!("{}/", provider.issuer)] {
        assert_eq!(ada.open(&with(&adas, "iss", issuer)).await.refused(400), "sign_in_not_begun");
    }
    let anonymous = Url::parse(&with(&adas, "iss", "")).unwrap();
    let anonymous = anonymous.as_str().replace("&iss=", "");
    assert_eq!(ada.open(&anonymous).await.refused(400), "sign_in_not_begun");

    // none of it has spoilt the sign-ins themselves
    assert_eq!(ada.open(adas.as_str()).await.status, 303);
    assert_eq!(ada.me(&app).await["user"]["email"], "ada@corp.example");
    assert_eq!(eve.open(eves.as_str()).await.status, 303);
    assert_eq!(eve.me(&app).await["user"]["email"], "eve@x.example");
}

#[tokio::test]
async fn an_authorization_code_works_once_and_only_in_its_browser() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[]).await;
    let (ada, eve) = (Browser::new(), Browser::new());
    let adas = ada.logs_in(ada.starts(&app).await, ADA).await;
    let eves = eve.logs_in(eve.starts(&app).await, "sub=eve&email=eve@x.example&verified=yes").await;

    // Ada's code was stolen: without her verifier the provider takes it from nobody, so PKCE holds
    let stolen = with(&eves, "code", &parameter(&adas, "code").unwrap());
    assert_eq!(eve.open(&stolen).await.refused(400), "sign_in_code_refused");
    assert_eq!(eve.asks(&app, "/auth/me").await.status, 401);

    let browser = Browser::new();
    let back = browser.logs_in(browser.starts(&app).await, ADA).await;
    assert_eq!(browser.open(back.as_str()).await.status, 303);
    assert_eq!(browser.open(back.as_str()).await.refused(400), "sign_in_not_begun");
    let next = browser.logs_in(browser.starts(&app).await, ADA).await;
    let replayed = with(&next, "code", &parameter(&back, "code").unwrap());
    assert_eq!(browser.open(&replayed).await.refused(400), "sign_in_code_refused");
    assert_eq!(browser.open(&with(&next, "code", "made up")).await.refused(400), "sign_in_code_refused");
}

#[tokio::test]
async fn a_sign_in_must_end_with_the_provider_it_began_with() {
    let provider = OpenIdProvider::start().await;
    let other = [
        ("AUTH__OIDC__OTHER__ISSUER", provider.issuer.as_str()),
        ("AUTH__OIDC__OTHER__CLIENT_ID", "basira"),
        ("AUTH__OIDC__OTHER__CLIENT_SECRET", "a secret & more"),
    ];
    let app = provider.app(&other).await;
    let browser = Browser::new();
    let back = browser.logs_in(browser.starts(&app).await, ADA).await;
    let crossed = back.as_str().replace("/corp/", "/other/");
    assert_eq!(browser.open(&crossed).await.refused(400), "sign_in_not_begun");
    assert_eq!(browser.open(back.as_str()).await.status, 303);
}
