//! Cookies that only this very host can have set, and that count at its own names.

use reqwest::Method;
use reqwest::header::{COOKIE, HOST, SET_COOKIE};
use serde_json::json;

use crate::harness::{Organization, PASSWORD, TestApp};

/// `name=value` of each cookie that a login sets.
async fn cookies_of_a_login(app: &TestApp, organization: &Organization) -> Vec<String> {
    let login = json!({"email": organization.email, "password": PASSWORD});
    let answer = app.anonymous().request(Method::POST, "/auth/login").json(&login).send().await.unwrap();
    let cookies = answer.headers().get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
    cookies.map(|cookie| cookie.split(';').next().unwrap().to_owned()).collect()
}

/// The status and the code of a GET with these headers.
async fn answer(app: &TestApp, headers: &[(reqwest::header::HeaderName, &str)]) -> (u16, String) {
    let mut request = reqwest::Client::new().get(format!("{}/api/v1/auth/me", app.url));
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: serde_json::Value = answer.json().await.unwrap();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn over_https_only_host_prefixed_cookies_are_accepted() {
    let app = TestApp::start_with(&[("HTTP__PUBLIC_URL", "https://basira.example")]).await;
    let organization = Organization::unverified(&app, "cookies").await;
    let cookies = cookies_of_a_login(&app, &organization).await;
    assert_eq!(cookies.len(), 3);
    assert!(cookies.iter().all(|cookie| cookie.starts_with("__Host-basira_")), "{cookies:?}");
    let ours = cookies.iter().find(|cookie| cookie.starts_with("__Host-basira_access=")).unwrap();
    // what a host beside this one could have set for the whole domain
    let theirs = ours.replace("__Host-", "");
    assert_eq!(answer(&app, &[(COOKIE, ours)]).await.0, 200);
    assert_eq!(answer(&app, &[(COOKIE, &theirs)]).await.0, 401);
    assert_eq!(answer(&app, &[(COOKIE, "basira_access=planted"), (COOKIE, ours)]).await.0, 200);
}

#[tokio::test]
async fn cookies_are_accepted_only_with_host_names_of_this_server() {
    let app = TestApp::start_with(&[("HTTP__HOSTS", "basira.internal")]).await;
    let organization = Organization::unverified(&app, "hosts").await;
    let cookies = cookies_of_a_login(&app, &organization).await;
    let ours = cookies.iter().find(|cookie| cookie.starts_with("basira_access=")).unwrap();
    for host in ["127.0.0.1:8080", "localhost", "basira.internal:443", "[::1]:80"] {
        assert_eq!(answer(&app, &[(COOKIE, ours), (HOST, host)]).await.0, 200, "{host}");
    }
    for host in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"] {
        let refused = answer(&app, &[(COOKIE, ours), (HOST, host)]).await;
        assert_eq!(refused, (403, "bad_host".to_owned()), "{host}");
    }
    // a key is no cookie
    let key = organization.key.request(Method::GET, "/databases").header(HOST, "evil.example");
    assert_eq!(key.send().await.unwrap().status().as_u16(), 200);
    // one among others, in whichever line, beside bytes that are no text
    let beside = format!("a=1; {ours}; b=2");
    assert_eq!(answer(&app, &[(COOKIE, "a=1"), (COOKIE, &beside)]).await.0, 200);
}
