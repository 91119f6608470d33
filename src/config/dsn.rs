//! Connection strings: `postgres://user:pass@host:port/dbname?sslmode=...`.

use basira_actors::model::{Engine, Secret, TlsMode};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// A connection string taken apart; what it does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsn {
    pub engine: Engine,
    pub host: String,
    pub port: Option<u16>,
    pub database: Option<String>,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub tls: Option<TlsMode>,
}

/// The text is no connection string that Basira understands. The text itself is never repeated: it holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DsnError {
    #[error(
        "must look like postgres://user:pass@host:port/dbname or clickhouse://user:pass@host:port/dbname"
    )]
    Shape,
    #[error("has the scheme {0}; known are postgres, postgresql and clickhouse")]
    Scheme(String),
    #[error("has an @ or # after the host; in a password write / as %2F, ? as %3F, # as %23, @ as %40")]
    Unescaped,
    #[error("names no host")]
    Host,
    #[error("has the port 0")]
    Port,
    #[error("is not UTF-8 without zero bytes after percent-decoding")]
    Encoding,
    #[error("has the unknown parameter {0}; known is {1}")]
    Parameter(String, &'static str),
    #[error("has a value of {0} that is not known; it {1}")]
    Value(&'static str, &'static str),
}

impl Dsn {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// [`DsnError`], which never repeats the password.
    pub fn parse(text: &str) -> Result<Self, DsnError> {
        let url = Url::parse(text).map_err(|_| DsnError::Shape)?;
        let engine = match url.scheme() {
            "postgres" | "postgresql" => Engine::Postgres,
            "clickhouse" => Engine::Clickhouse,
            other => return Err(DsnError::Scheme(other.to_owned())),
        };
        // a password with a bare / ? or # ends the host early, and its rest would pass for a name that may be shown
        let tail = [Some(url.path()), url.query()];
        if url.fragment().is_some() || tail.into_iter().flatten().any(|part| part.contains('@')) {
            return Err(DsnError::Unescaped);
        }
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => decode(&host.to_string())?,
            None => return Err(DsnError::Host),
        };
        if url.port() == Some(0) {
            return Err(DsnError::Port);
        }
        let filled = |text: &str| if text.is_empty() { Ok(None) } else { decode(text).map(Some) };
        Ok(Self {
            engine,
            host,
            port: url.port(),
            database: filled(url.path().trim_start_matches('/'))?,
            username: filled(url.username())?,
            password: url.password().map(decode).transpose()?.map(Secret::new),
            tls: tls(&url, engine)?,
        })
    }
}

fn decode(text: &str) -> Result<String, DsnError> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| DsnError::Encoding)?;
    if decoded.contains('\0') { Err(DsnError::Encoding) } else { Ok(decoded.into_owned()) }
}

fn tls(url: &Url, engine: Engine) -> Result<Option<TlsMode>, DsnError> {
    let mut tls = None;
    for (name, value) in url.query_pairs() {
        tls = Some(match (engine, &*name) {
            // libpq's allow tries without TLS first; prefer is its safer twin
            (Engine::Postgres, "sslmode") if value == "allow" => TlsMode::Prefer,
            (Engine::Postgres, "sslmode") => value.parse().map_err(|_| {
                DsnError::Value("sslmode", "must be one of disable, prefer, require, verify-ca, verify-full")
            })?,
            (Engine::Clickhouse, "secure") => match &*value {
                "true" | "1" => TlsMode::VerifyFull,
                "false" | "0" => TlsMode::Disable,
                _ => return Err(DsnError::Value("secure", "must be true or false")),
            },
            (Engine::Postgres, other) => return Err(DsnError::Parameter(other.to_owned(), "sslmode")),
            (Engine::Clickhouse, other) => return Err(DsnError::Parameter(other.to_owned(), "secure")),
        });
    }
    Ok(tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_found_and_decoded() {
        let dsn =
            Dsn::parse("postgres://mo%40n:p%2Fss@[::1]:5433/my%20db?sslmode=verify-full").expect("parses");
        assert_eq!(dsn.host, "::1");
        assert_eq!((dsn.port, dsn.database.as_deref()), (Some(5433), Some("my db")));
        assert_eq!(dsn.username.as_deref(), Some("mo@n"));
        assert_eq!(dsn.password, Some(Secret::new("p/ss")));
        assert_eq!(dsn.tls, Some(TlsMode::VerifyFull));
        let short = Dsn::parse("clickhouse://host").expect("parses");
        assert_eq!(
            (short.engine, short.port, short.database, short.tls),
            (Engine::Clickhouse, None, None, None)
        );
    }

    #[test]
    fn errors_name_the_fault_and_not_the_password() {
        let cases = [
            ("host=localhost", "must look like"),
            ("mysql://u:hunter2@h/d", "has the scheme mysql"),
            ("postgres://u:hunter2@h:0/d", "has the port 0"),
            ("postgres://u:hunter2@h:99999/d", "must look like"),
            ("postgres://u:hunter2@h/d?sslmode=maybe", "sslmode"),
            ("postgres://u:hunter2@h/d?service=x", "unknown parameter service"),
            ("postgres:///d", "names no host"),
            ("postgres://u:5/hunter2@h/d", "has an @ or # after the host"),
            ("postgres://u:5?hunter2@h/d", "has an @ or # after the host"),
            ("postgres://u:5#hunter2@h/d", "has an @ or # after the host"),
            ("postgres://u:hunter2@h/d%00", "without zero bytes"),
            ("postgres://u:hunter2%FF@h/d", "is not UTF-8"),
        ];
        for (text, expected) in cases {
            let error = Dsn::parse(text).expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
