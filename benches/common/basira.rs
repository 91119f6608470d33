//! The program itself, run as a user runs it.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Failure, Helper};

/// A running server with an account.
pub(crate) struct Basira {
    pub(crate) api_key: String,
    helper: Helper,
    http: Client,
}

impl Basira {
    /// Starts it with embedded storage and default settings, and signs up.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_basira"));
        command.arg("serve").env("BASIRA__DATA_DIR", "data").env("BASIRA__HTTP__LISTEN", "127.0.0.1:0");
        let helper = Helper::start(&mut command).await?;
        let mut basira = Self { api_key: String::new(), helper, http: Client::new() };
        let account = json!({
            "email": "bench@basira.example", "password": "only-for-the-bench", "name": "Bench", "org_name": "Bench",
        });
        let signup = basira.http.post(basira.api("/auth/signup")).json(&account);
        let token = text(&answer(signup).await?, "access_token")?;
        let key =
            basira.http.post(basira.api("/api-keys")).bearer_auth(token).json(&json!({"name": "bench"}));
        basira.api_key = text(&answer(key).await?, "key")?;
        basira.verify().await?;
        Ok(basira)
    }

    /// Follows the link in its own mail, so that it may watch more than one database.
    async fn verify(&self) -> Result<(), Failure> {
        let mails = std::fs::read_dir(self.helper.directory.join("data/mail"))?.flatten();
        let mail = mails.map(|mail| std::fs::read_to_string(mail.path())).next().ok_or("no mail")??;
        let mail = mail.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
        let (_, token) = mail.split_once("token=").ok_or("no token in the mail")?;
        let is_part = |c: &char| c.is_ascii_alphanumeric() || "-_.~%".contains(*c);
        let token: String = token.chars().take_while(is_part).collect();
        answer(self.http.get(self.api(&format!("/auth/verify-email?token={token}")))).await?;
        Ok(())
    }

    /// Registers the throwaway PostgreSQL on `port`, and gives its id.
    pub(crate) async fn watch(&self, name: &str, port: u16) -> Result<String, Failure> {
        self.register(&json!({
            "name": name, "engine": "postgres", "host": "127.0.0.1", "port": port, "database": "postgres",
            "username": "postgres", "password": "", "tls": "disable",
        }))
        .await
    }

    /// Registers what `database` describes, and gives its id.
    pub(crate) async fn register(&self, database: &Value) -> Result<String, Failure> {
        let request = self.http.post(self.api("/databases")).header("X-API-Key", &self.api_key);
        text(&answer(request.json(database)).await?, "id")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.helper.pid
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.helper.first_line.trim_start_matches("listening on http://")
    }

    pub(crate) fn api(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.address())
    }
}

/// Sends `request`; anything but success is an error in the server's own words.
async fn answer(request: RequestBuilder) -> Result<Value, Failure> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.text().await?;
    if status.is_success() {
        Ok(serde_json::from_str(&body)?)
    } else {
        Err(format!("{status}: {body}").into())
    }
}

fn text(object: &Value, name: &str) -> Result<String, Failure> {
    Ok(object[name].as_str().ok_or("the answer lacks a field")?.to_owned())
}
