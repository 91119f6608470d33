//! Registers the servers of the demo through the public API.

use std::fs;
use std::path::Path;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::error::DemoError;
use basira_servers::{ClickHouseServer, PostgresServer};

/// The account of the demo.
pub(super) const EMAIL: &str = "demo@basira.example";
pub(super) const PASSWORD: &str = "watch-me-work";
/// The role that Basira connects as: not a superuser.
const MONITOR: &str = "basira";
const MONITOR_PASSWORD: &str = "only-reads-statistics";

/// What the user of the demo is told.
pub(super) struct Registration {
    pub(super) api_key: String,
    pub(super) database_id: String,
    pub(super) clickhouse_id: Option<String>,
}

/// Signs up, verifies the address, creates an API key and registers the servers.
pub(super) async fn set_up(
    url: &str,
    data_dir: &Path,
    (server, clickhouse): (&PostgresServer, Option<&ClickHouseServer>),
) -> Result<Registration, DemoError> {
    let http = Client::new();
    let api = |path: &str| format!("{url}/api/v1{path}");

    let account = json!({"email": EMAIL, "password": PASSWORD, "name": "Demo", "org_name": "Demo"});
    let session = answer(http.post(api("/auth/signup")).json(&account)).await?;
    let token = field(&session, "access_token")?;
    let verification = token_of_mail(data_dir)?;
    answer(http.get(api(&format!("/auth/verify-email?token={verification}")))).await?;

    let key = http.post(api("/api-keys")).bearer_auth(token).json(&json!({"name": "demo"}));
    let api_key = field(&answer(key).await?, "key")?.to_owned();

    create_monitor(server).await?;
    let database = json!({
        "name": "web shop", "engine": "postgres", "host": "127.0.0.1", "port": server.port(), "database": "postgres",
        "username": MONITOR, "password": MONITOR_PASSWORD, "tls": "disable", "tags": {"env": "demo"},
        // short windows, so that issues appear within minutes
        "rules": {
            "indexes.unused": {"window_seconds": 30}, "locks.blocked": {"threshold": 2, "for_seconds": 0},
            "locks.deadlocks": {"window_seconds": 60}, "memory.cache_hit_ratio": {"window_seconds": 60},
            "transactions.idle": {"threshold": 20},
        },
    });
    let register = async |body: &Value| {
        let database = answer(http.post(api("/databases")).header("X-API-Key", &api_key).json(body)).await?;
        field(&database, "id").map(str::to_owned)
    };
    let database_id = register(&database).await?;
    let clickhouse_id = match clickhouse {
        Some(clickhouse) => Some(register(&analytics(clickhouse)).await?),
        None => None,
    };
    Ok(Registration { api_key, database_id, clickhouse_id })
}

/// The registration of the ClickHouse.
fn analytics(server: &ClickHouseServer) -> Value {
    json!({
        "name": "web shop analytics", "engine": "clickhouse", "host": "127.0.0.1", "port": server.port(),
        "database": "shop", "username": ClickHouseServer::MONITOR, "password": ClickHouseServer::PASSWORD,
        "tls": "disable", "tags": {"env": "demo"},
    })
}

async fn create_monitor(server: &PostgresServer) -> Result<(), DemoError> {
    let role = format!("create role {MONITOR} login password '{MONITOR_PASSWORD}' in role pg_monitor");
    let superuser = server.client().await.map_err(DemoError::Shop)?;
    superuser.batch_execute(&role).await.map_err(DemoError::Shop)
}

/// Sends `request`; an answer other than success is an error with its body.
async fn answer(request: RequestBuilder) -> Result<Value, DemoError> {
    let response = request.send().await?;
    let (status, path) = (response.status(), response.url().path().to_owned());
    let body = response.text().await?;
    if !status.is_success() {
        return Err(DemoError::Refused { path, status: status.as_u16(), body });
    }
    Ok(serde_json::from_str(&body).unwrap_or(Value::Null))
}

fn field<'a>(object: &'a Value, name: &'static str) -> Result<&'a str, DemoError> {
    object[name].as_str().ok_or(DemoError::Missing(name))
}

/// The token in the newest mail that the file transport wrote.
fn token_of_mail(data_dir: &Path) -> Result<String, DemoError> {
    let mails = fs::read_dir(data_dir.join("mail")).map_err(DemoError::Mail)?;
    let newest =
        mails.flatten().map(|entry| entry.path()).max().ok_or(DemoError::Missing("verification mail"))?;
    let mail = fs::read_to_string(newest).map_err(DemoError::Mail)?;
    token_in(&mail).ok_or(DemoError::Missing("verification token"))
}

/// Mail bodies are quoted-printable: long lines are broken after `=`, and `=` itself is `=3D`.
fn token_in(mail: &str) -> Option<String> {
    let text = mail.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
    let token = text.split_once("token=")?.1;
    let end =
        token.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.~%".contains(c))).unwrap_or(token.len());
    Some(token[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_however_the_mail_is_encoded() {
        for (mail, token) in [
            ("see http://x/verify-email?token=abc-DEF_1\r\nbye", Some("abc-DEF_1")),
            ("see http://x/verify-email?token=3Dabc-D=\r\nEF_1\r\nbye", Some("abc-DEF_1")),
            ("<a href=\"http://x/verify-email?token=abc\">", Some("abc")),
            ("nothing here", None),
        ] {
            assert_eq!(token_in(mail).as_deref(), token, "{mail}");
        }
    }
}
