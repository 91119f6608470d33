//! An HTTP client whose verbs say which status they expect.

use std::sync::OnceLock;

use basira::http::routes;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use basira_test_support::{Answer, ApiDocument};

/// Talks to one server with one kind of credentials.
#[derive(Debug, Clone)]
pub(crate) struct TestClient {
    http: reqwest::Client,
    url: String,
    bearer: Option<String>,
}

impl TestClient {
    /// Without credentials, but with a cookie jar as a browser has.
    pub(crate) fn anonymous(url: &str) -> Self {
        let http = reqwest::Client::builder().cookie_store(true).build().expect("a client");
        Self { http, url: url.to_owned(), bearer: None }
    }

    /// With an access token or an API key.
    pub(crate) fn with_bearer(url: &str, bearer: &str) -> Self {
        Self { bearer: Some(bearer.to_owned()), ..Self::anonymous(url) }
    }

    /// The same server with other credentials.
    pub(crate) fn showing(&self, bearer: &str) -> Self {
        Self { bearer: Some(bearer.to_owned()), ..self.clone() }
    }

    /// What is sent as `Authorization: Bearer`.
    pub(crate) fn bearer(&self) -> &str {
        self.bearer.as_deref().expect("a client with credentials")
    }

    pub(crate) async fn get(&self, path: &str, status: u16) -> Value {
        read(self.request(Method::GET, path), status).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value, status: u16) -> Value {
        read(self.request(Method::POST, path).json(body), status).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value, status: u16) -> Value {
        read(self.request(Method::PATCH, path).json(body), status).await
    }

    pub(crate) async fn delete(&self, path: &str, status: u16) -> Value {
        read(self.request(Method::DELETE, path), status).await
    }

    /// Any method, body as text of the given type.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: String,
    ) -> Response {
        let request = self.request(method, path).header("Content-Type", content_type).body(body);
        request.send().await.expect("an answer")
    }

    /// A request still to be decorated and sent; paths outside `/api` are as they are.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let prefix = if path.starts_with("/healthz") || path.starts_with("/readyz") { "" } else { "/api/v1" };
        let request = self.http.request(method, format!("{}{prefix}{path}", self.url));
        match &self.bearer {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        }
    }
}

/// The answer has to be as the OpenAPI document of this build describes it.
pub(crate) fn check(answer: Answer<'_>) {
    static DOCUMENT: OnceLock<ApiDocument> = OnceLock::new();
    let document = || serde_json::to_value(routes::document()).expect("JSON");
    DOCUMENT.get_or_init(|| ApiDocument::new(document())).check(answer);
}

/// The JSON of the answer (null for an empty one), after its status was checked.
///
/// # Panics
/// When it is another one, or the answer is not as the OpenAPI document describes it.
pub(crate) async fn read(request: RequestBuilder, status: u16) -> Value {
    let (client, request) = request.build_split();
    let request = request.expect("a request");
    let method = request.method().clone();
    let response = client.execute(request).await.expect("an answer");
    let (got, path) = (response.status().as_u16(), response.url().path().to_owned());
    let body = response.text().await.expect("a body");
    assert_eq!(got, status, "{path} answered {body}");
    check(Answer { method: method.as_str(), path: &path, status, body: &body });
    if body.is_empty() { Value::Null } else { serde_json::from_str(&body).expect("JSON") }
}
