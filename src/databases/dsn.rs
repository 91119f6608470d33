//! Connection strings: `postgres://user:pass@host:port/dbname?sslmode=...`.

use std::fmt;

use basira_actors::model::{Engine, Secret, TlsMode};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::host;
use crate::fields::FieldError;

/// Parameters that change nothing for a client that asks as little as ours.
const HARMLESS: [&str; 5] =
    ["application_name", "channel_binding", "connect_timeout", "gssencmode", "target_session_attrs"];

/// A connection string as it came; holds a password, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Dsn(Secret);

/// A connection string, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub engine: Engine,
    pub host: String,
    pub port: Option<u16>,
    pub database: Option<String>,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub tls: Option<TlsMode>,
}

impl Dsn {
    /// What it says.
    pub(super) fn parse(&self) -> Result<Parts, FieldError> {
        let url = Url::parse(self.0.expose().trim()).map_err(|_| malformed())?;
        let engine = match url.scheme() {
            "postgres" | "postgresql" => Engine::Postgres,
            "clickhouse" => Engine::Clickhouse,
            _ => return Err(refuse("must begin with postgres:// or clickhouse://")),
        };
        let host = decode(url.host_str().unwrap_or_default())?;
        let host =
            host::parse(&host).map_err(|error| refuse(format!("has a bad host: it {}", error.message)))?;
        if url.port() == Some(0) {
            return Err(refuse("must have a port from 1 to 65535"));
        }
        let database = decode(url.path().trim_start_matches('/'))?;
        Ok(Parts {
            engine,
            host,
            port: url.port(),
            database: (!database.is_empty()).then_some(database),
            username: (!url.username().is_empty()).then(|| decode(url.username())).transpose()?,
            password: url.password().map(|password| decode(password).map(Secret::new)).transpose()?,
            tls: tls(&url, engine)?,
        })
    }
}

fn tls(url: &Url, engine: Engine) -> Result<Option<TlsMode>, FieldError> {
    let mut tls = None;
    for (name, value) in url.query_pairs() {
        match (engine, name.as_ref()) {
            // libpq's allow asks for less than ours can: encryption when there is some
            (Engine::Postgres, "sslmode") if value == "allow" => tls = Some(TlsMode::Prefer),
            (Engine::Postgres, "sslmode") => {
                let mode = value.parse().map_err(|error| refuse(format!("has a bad sslmode: it {error}")))?;
                tls = Some(mode);
            }
            (Engine::Postgres, name) if HARMLESS.contains(&name) => {}
            (Engine::Clickhouse, "secure") => {
                tls = Some(if value == "true" { TlsMode::VerifyFull } else { TlsMode::Disable });
            }
            _ => return Err(refuse("must have no parameter but sslmode (or secure, for ClickHouse)")),
        }
    }
    Ok(tls)
}

fn decode(encoded: &str) -> Result<String, FieldError> {
    let text = percent_decode_str(encoded).decode_utf8().map_err(|_| malformed())?;
    if text.contains('\0') { Err(refuse("must not contain NUL")) } else { Ok(text.into_owned()) }
}

fn malformed() -> FieldError {
    refuse("must look like postgres://user:password@host:port/database?sslmode=require")
}

fn refuse(message: impl Into<String>) -> FieldError {
    FieldError::new("dsn", message)
}

impl<'de> Deserialize<'de> for Dsn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Parts, String> {
        Dsn(Secret::new(text)).parse().map_err(|error| error.to_string())
    }

    #[test]
    fn reads_every_part() {
        let whole = parse("postgres://wat%40ch:p%2Fss@DB.example.com:6432/my%20db?sslmode=verify-full");
        let expected = Parts {
            engine: Engine::Postgres,
            host: "db.example.com".to_owned(),
            port: Some(6432),
            database: Some("my db".to_owned()),
            username: Some("wat@ch".to_owned()),
            password: Some(Secret::new("p/ss")),
            tls: Some(TlsMode::VerifyFull),
        };
        assert_eq!(whole, Ok(expected));

        let bare = parse("postgresql://[::1]").unwrap();
        assert_eq!((bare.host.as_str(), bare.port, bare.database, bare.username), ("::1", None, None, None));
        assert_eq!(
            parse("postgres://h/?sslmode=allow&connect_timeout=3").unwrap().tls,
            Some(TlsMode::Prefer)
        );
        let clickhouse = parse("clickhouse://u:p@h:8443/d?secure=true").unwrap();
        assert_eq!((clickhouse.engine, clickhouse.tls), (Engine::Clickhouse, Some(TlsMode::VerifyFull)));
    }

    #[test]
    fn refuses_without_repeating_what_may_be_secret() {
        for text in [
            "",
            "hunter2",
            "mysql://u:hunter2@h/d",
            "postgres://",
            "postgres://u:hunter2@/d",
            "postgres://u:hunter2@h1,h2/d",
            "postgres://u:hunter2@h:0/d",
            "postgres://u:hunter2@h:65536/d",
            "postgres://u:hunter2@h:-1/d",
            "postgres://u:hunter2%00@h/d",
            "postgres://u:hunter2%ff@h/d",
            "postgres://u@h/d?sslmode=hunter2",
            "postgres://u@h/d?password=hunter2",
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with("dsn ") && !error.contains("hunter2"), "{text}: {error}");
        }
    }
}
