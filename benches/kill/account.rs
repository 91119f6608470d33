//! Who asks the server: an organization, with the databases that it watches.

use basira_benches::basira::answer;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::server::Server;
use crate::Failure;

/// The bearer of an API key against the server as it runs now.
#[derive(Clone)]
pub(crate) struct Account {
    http: Client,
    url: String,
    key: String,
}

impl Account {
    /// Signs up, and verifies the address so that several databases may be watched.
    pub(crate) async fn sign_up(server: &Server) -> Result<Self, Failure> {
        let http = Client::new();
        let person = json!({
            "email": "bench@basira.example", "password": "only-for-the-bench", "name": "Bench", "org_name": "Bench",
        });
        let session = answer(http.post(format!("{}/auth/signup", server.url)).json(&person)).await?;
        let token = text(&session, "access_token")?;
        let key = http.post(format!("{}/api-keys", server.url)).bearer_auth(token);
        let key = text(&answer(key.json(&json!({"name": "bench"}))).await?, "key")?;
        let mails = std::fs::read_dir(server.directory.join("data/mail"))?.flatten();
        let mail = mails.map(|mail| std::fs::read_to_string(mail.path())).next().ok_or("no mail")??;
        let mail = mail.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
        let (_, token) = mail.split_once("token=").ok_or("no token in the mail")?;
        let is_part = |c: &char| c.is_ascii_alphanumeric() || "-_.~%".contains(*c);
        let token: String = token.chars().take_while(is_part).collect();
        answer(http.get(format!("{}/auth/verify-email?token={token}", server.url))).await?;
        Ok(Self { http, url: server.url.clone(), key })
    }

    /// The same key against the server that was started again.
    pub(crate) fn moved_to(&mut self, server: &Server) {
        self.url.clone_from(&server.url);
        // connections to the one before are no use
        self.http = Client::new();
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.with_key(method, path, &self.key)
    }

    /// Asks with another key.
    pub(crate) fn with_key(&self, method: Method, path: &str, key: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).header("X-API-Key", key)
    }

    /// Lets the database `name` of the PostgreSQL on `port` be polled every second; its id.
    pub(crate) async fn watch(&self, name: &str, port: u16) -> Result<String, Failure> {
        let body = json!({
            "name": name, "engine": "postgres", "host": "127.0.0.1", "port": port, "database": name,
            "username": "postgres", "password": "", "tls": "disable", "poll_interval_seconds": 1,
        });
        text(&answer(self.request(Method::POST, "/databases").json(&body)).await?, "id")
    }
}

pub(crate) fn text(object: &Value, name: &str) -> Result<String, Failure> {
    Ok(object[name].as_str().ok_or("the answer lacks a field")?.to_owned())
}
