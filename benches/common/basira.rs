//! The program itself, run as a user runs it.

use std::path::PathBuf;
use std::sync::Arc;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Failure, Helper};

/// A running server with an account.
#[derive(Clone)]
pub struct Basira {
    pub api_key: String,
    /// Of the instance's admin.
    pub access_token: String,
    pub helper: Arc<Helper>,
    pub http: Client,
}

impl Basira {
    /// Starts it with embedded storage and default settings, and signs up.
    pub async fn start() -> Result<Self, Failure> {
        Self::start_with(&[]).await
    }

    /// As [`Self::start`], with more in its environment.
    pub async fn start_with(environment: &[(&str, &str)]) -> Result<Self, Failure> {
        let mut command = Command::new(program()?);
        command.arg("serve").env("BASIRA__DATA_DIR", "data").env("BASIRA__HTTP__LISTEN", "127.0.0.1:0");
        // one client stands for thousands
        command.env("BASIRA__LIMITS__API__PER_SECOND", "0").env("BASIRA__LIMITS__LIVE_STREAMS", "1000000");
        command.env("BASIRA__LIMITS__CONNECTIONS_PER_ADDRESS", "1000000");
        command.envs(environment.iter().copied());
        let helper = Arc::new(Helper::start(&mut command).await?);
        let (api_key, access_token) = (String::new(), String::new());
        let mut basira = Self { api_key, access_token, helper, http: Client::new() };
        let account = json!({
            "email": "bench@basira.example", "password": "only-for-the-bench", "name": "Bench", "org_name": "Bench",
        });
        let signup = basira.http.post(basira.api("/auth/signup")).json(&account);
        basira.access_token = text(&answer(signup).await?, "access_token")?;
        let key = basira.http.post(basira.api("/api-keys")).bearer_auth(&basira.access_token);
        let key = key.json(&json!({"name": "bench"}));
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
    pub async fn watch(&self, name: &str, port: u16) -> Result<String, Failure> {
        self.register(&json!({
            "name": name, "engine": "postgres", "host": "127.0.0.1", "port": port, "database": "postgres",
            "username": "postgres", "password": "", "tls": "disable",
        }))
        .await
    }

    /// Registers what `database` describes, and gives its id.
    pub async fn register(&self, database: &Value) -> Result<String, Failure> {
        let request = self.http.post(self.api("/databases")).header("X-API-Key", &self.api_key);
        text(&answer(request.json(database)).await?, "id")
    }

    pub fn pid(&self) -> u32 {
        self.helper.pid
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        self.helper.first_line.trim_start_matches("listening on http://")
    }

    pub fn api(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.address())
    }
}

/// The program, which lies beside the folder of the benchmarks.
pub fn program() -> Result<PathBuf, Failure> {
    let bench = std::env::current_exe()?;
    let program = bench.ancestors().nth(2).ok_or("a benchmark outside the build directory")?.join("basira");
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!("{} is missing: run `make bench`, or first cargo build --release", program.display())
            .into())
    }
}

/// Sends `request`; anything but success is an error in the server's own words.
pub async fn answer(request: RequestBuilder) -> Result<Value, Failure> {
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
