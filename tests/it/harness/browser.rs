//! A browser at a provider's pages: it keeps cookies, fills in forms, and follows redirects only when told.

use basira_test_support::Answer;
use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

use super::TestApp;
use super::client::check;

/// More than any sign-in takes.
const MOST_STEPS: usize = 20;

/// One browser with its own cookies.
pub(crate) struct Browser {
    http: reqwest::Client,
}

/// What a browser was shown.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it leads, if anywhere.
    pub(crate) location: Option<Url>,
    pub(crate) cookies: Vec<String>,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let http = reqwest::Client::builder().cookie_store(true).redirect(Policy::none()).build();
        Self { http: http.expect("a client") }
    }

    pub(crate) async fn open(&self, url: &str) -> Page {
        self.send(self.http.get(url)).await
    }

    /// What a script of the server's own pages does.
    pub(crate) async fn posts(&self, app: &TestApp, path: &str, body: &Value) -> Page {
        let request = self.http.post(format!("{}/api/v1{path}", app.url)).header("Origin", &app.url);
        self.send(request.json(body)).await
    }

    /// What an API path answers to the cookies of this browser.
    pub(crate) async fn asks(&self, app: &TestApp, path: &str) -> Page {
        self.open(&format!("{}/api/v1{path}", app.url)).await
    }

    /// Begins to sign in with `corp`; gives the provider's page.
    pub(crate) async fn starts(&self, app: &TestApp) -> Url {
        let page = self.asks(app, "/auth/oidc/corp/start").await;
        assert_eq!(page.status, 303, "{page:?}");
        page.location.expect("the provider's page")
    }

    /// Logs in at the provider's page `url` as `person`, consents, and gives where the provider sends it back.
    pub(crate) async fn logs_in(&self, url: Url, person: &str) -> Url {
        let mut page = self.open(url.as_str()).await;
        let mut seen = Vec::new();
        for _ in 0..MOST_STEPS {
            page = match page.location {
                Some(back) if back.path().ends_with("/callback") => {
                    assert!(seen.contains(&"consent".to_owned()) || seen.is_empty(), "{seen:?}");
                    return back;
                }
                Some(next) => self.open(next.as_str()).await,
                None => {
                    let (action, prompt) =
                        (page.attribute("action"), page.attribute("name=\"prompt\" value"));
                    let mut form = Serializer::new(String::new());
                    form.append_pair("prompt", &prompt);
                    if prompt == "login" {
                        form.append_pair("login", person).append_pair("password", "any");
                    }
                    let form = form.finish();
                    seen.push(prompt);
                    let post = self.http.post(action).body(form);
                    self.send(post.header("Content-Type", "application/x-www-form-urlencoded")).await
                }
            };
        }
        panic!("the provider does not let {person} back: {page:?}")
    }

    /// Signs in with `corp` as `person`; gives what the server shows in the end.
    pub(crate) async fn signs_in(&self, app: &TestApp, person: &str) -> Page {
        let back = self.logs_in(self.starts(app).await, person).await;
        self.open(back.as_str()).await
    }

    /// Who this browser is signed in as.
    pub(crate) async fn me(&self, app: &TestApp) -> Value {
        let page = self.asks(app, "/auth/me").await;
        assert_eq!(page.status, 200, "{page:?}");
        page.json()
    }

    async fn send(&self, request: RequestBuilder) -> Page {
        let (client, request) = request.build_split();
        let request = request.expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let page = Page::of(client.execute(request).await.expect("an answer")).await;
        // pages of the provider are its own affair
        if path.starts_with("/api/") {
            check(Answer { method: method.as_str(), path: &path, status: page.status, body: &page.body });
        }
        page
    }
}

impl Page {
    async fn of(response: Response) -> Self {
        let text = |value: &reqwest::header::HeaderValue| value.to_str().expect("text").to_owned();
        let location = response.headers().get(LOCATION).map(text);
        Self {
            status: response.status().as_u16(),
            location: location.map(|to| response.url().join(&to).expect("a URL")),
            cookies: response.headers().get_all(SET_COOKIE).iter().map(text).collect(),
            body: response.text().await.expect("a body"),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The stable code of a refusal, after its status was checked; a refusal signs nobody in.
    pub(crate) fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.cookies.is_empty(), "{self:?}");
        self.json()["code"].as_str().expect("a code").to_owned()
    }

    /// The value that follows `name=` in the markup.
    fn attribute(&self, name: &str) -> String {
        let after =
            self.body.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name}: {self:?}")).1;
        after.split('"').next().expect("a value").to_owned()
    }
}
