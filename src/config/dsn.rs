//! Connection strings: `postgres://user:pass@host:port/dbname?sslmode=...`, `clickhouse://user:pass@host:port/dbname?secure=true`.

use std::net::Ipv6Addr;
use std::str::FromStr;

use basira_actors::model::{Engine, Secret, TlsMode};
use percent_encoding::percent_decode_str;

/// The port of ClickHouse's encrypted HTTP interface.
const CLICKHOUSE_HTTPS_PORT: u16 = 8443;

/// Where a database is and how to log in; what the text left out has the engine's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsn {
    pub engine: Engine,
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    pub port: u16,
    pub database: String,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub tls: TlsMode,
}

/// The text is no connection string. No variant carries a part of it that could be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DsnError {
    #[error("must start with postgres:// or clickhouse://")]
    Scheme,
    #[error("has an @ after the host; write / ? and @ in a user name or password as %2F %3F and %40")]
    Unescaped,
    #[error("names no host")]
    NoHost,
    #[error("names more than one host; register each server by itself")]
    ManyHosts,
    #[error("the host must be a name, an IPv4 address or an IPv6 address in brackets")]
    Host,
    #[error("the port must be a number from 1 to 65535")]
    Port,
    #[error("the {0} must be percent-encoded UTF-8 without zero bytes; write a literal % as %25")]
    Encoding(&'static str),
    #[error("unknown parameter {}; {engine} takes {}", .names.join(", "), known_parameter(*.engine))]
    Parameters { engine: Engine, names: Vec<String> },
    #[error("sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full")]
    SslMode,
    #[error("secure must be true or false")]
    Secure,
}

impl FromStr for Dsn {
    type Err = DsnError;

    fn from_str(text: &str) -> Result<Self, DsnError> {
        let (engine, rest) = split_scheme(text.trim()).ok_or(DsnError::Scheme)?;
        let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if tail.contains('@') {
            return Err(DsnError::Unescaped);
        }
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let (login, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (username, password) = login.split_once(':').unwrap_or((login, ""));
        let (host, port) = split_port(address)?;
        let tls = parse_tls(engine, query)?;
        let database = non_empty(decode("database", path.trim_start_matches('/'))?);

        Ok(Self {
            engine,
            host: parse_host(host)?,
            port: port.unwrap_or_else(|| default_port(engine, tls)),
            database: database.unwrap_or_else(|| engine.default_database().to_owned()),
            username: non_empty(decode("user name", username)?),
            password: non_empty(decode("password", password)?).map(Secret::new),
            tls,
        })
    }
}

fn split_scheme(text: &str) -> Option<(Engine, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let engine = match scheme.to_ascii_lowercase().as_str() {
        "postgres" | "postgresql" => Engine::Postgres,
        "clickhouse" => Engine::Clickhouse,
        _ => return None,
    };
    Some((engine, rest))
}

fn split_port(address: &str) -> Result<(&str, Option<u16>), DsnError> {
    if address.contains(',') {
        return Err(DsnError::ManyHosts);
    }
    let after_bracket = address.rfind(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = address[after_bracket..].rfind(':') else {
        return Ok((address, None));
    };
    let (host, port) = address.split_at(after_bracket + colon);
    match port[1..].parse() {
        Ok(0) | Err(_) => Err(DsnError::Port),
        Ok(port) => Ok((host, Some(port))),
    }
}

fn parse_host(text: &str) -> Result<String, DsnError> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let address = bracketed.strip_suffix(']').ok_or(DsnError::Host)?;
        return address.parse::<Ipv6Addr>().map(|address| address.to_string()).map_err(|_| DsnError::Host);
    }
    let host = decode("host", text)?;
    let is_misplaced = |c: char| c.is_control() || c.is_whitespace() || "/\\@?#[]:%,".contains(c);
    match host.as_str() {
        "" => Err(DsnError::NoHost),
        _ if host.contains(is_misplaced) => Err(DsnError::Host),
        _ => Ok(host),
    }
}

fn parse_tls(engine: Engine, query: &str) -> Result<TlsMode, DsnError> {
    let mut tls = TlsMode::default();
    let mut unknown = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match (engine, name) {
            (Engine::Postgres, "sslmode") => tls = parse_sslmode(value)?,
            (Engine::Clickhouse, "secure") => tls = parse_secure(value)?,
            _ => unknown.push(printable(name)),
        }
    }
    if unknown.is_empty() { Ok(tls) } else { Err(DsnError::Parameters { engine, names: unknown }) }
}

fn parse_sslmode(value: &str) -> Result<TlsMode, DsnError> {
    match value {
        // libpq tries without encryption first; trying with it first connects to the same servers
        "allow" => Ok(TlsMode::Prefer),
        _ => value.parse().map_err(|_| DsnError::SslMode),
    }
}

/// ClickHouse's own clients check the certificate and the name once they are told to be secure.
fn parse_secure(value: &str) -> Result<TlsMode, DsnError> {
    match value {
        "true" | "1" => Ok(TlsMode::VerifyFull),
        "false" | "0" => Ok(TlsMode::Disable),
        _ => Err(DsnError::Secure),
    }
}

const fn known_parameter(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "sslmode",
        Engine::Clickhouse => "secure",
    }
}

fn default_port(engine: Engine, tls: TlsMode) -> u16 {
    match (engine, tls) {
        (Engine::Clickhouse, TlsMode::VerifyFull) => CLICKHOUSE_HTTPS_PORT,
        _ => engine.default_port(),
    }
}

fn decode(part: &'static str, text: &str) -> Result<String, DsnError> {
    let is_escape = |after: &str| after.len() >= 2 && after.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| DsnError::Encoding(part))?;
    if decoded.contains('\0') || !text.split('%').skip(1).all(is_escape) {
        return Err(DsnError::Encoding(part));
    }
    Ok(decoded.into_owned())
}

fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// The name of an unknown parameter, short and on one line.
fn printable(name: &str) -> String {
    name.chars().take(40).collect::<String>().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use basira_actors::model::{Engine, Secret, TlsMode};

    use super::Dsn;

    fn postgres(host: &str) -> Dsn {
        Dsn {
            engine: Engine::Postgres,
            host: host.into(),
            port: 5432,
            database: "postgres".into(),
            username: None,
            password: None,
            tls: TlsMode::Prefer,
        }
    }

    fn clickhouse(host: &str) -> Dsn {
        Dsn { engine: Engine::Clickhouse, port: 8123, database: "default".into(), ..postgres(host) }
    }

    #[test]
    fn reads_what_is_there_and_fills_in_the_rest() {
        let user = |name: &str| Some(name.to_owned());
        let pass = |text: &str| Some(Secret::new(text));
        let table = [
            ("postgres://db1", postgres("db1")),
            ("  postgresql://db1/  ", postgres("db1")),
            ("POSTGRES://db1?", postgres("db1")),
            ("postgres://db1:6000/shop", Dsn { port: 6000, database: "shop".into(), ..postgres("db1") }),
            ("postgres://ann@db1", Dsn { username: user("ann"), ..postgres("db1") }),
            ("postgres://ann:@db1", Dsn { username: user("ann"), ..postgres("db1") }),
            (
                "postgres://ann:p%40s%2Fs%3A%25@db1",
                Dsn { username: user("ann"), password: pass("p@s/s:%"), ..postgres("db1") },
            ),
            (
                "postgres://ann:p@s:s@db1",
                Dsn { username: user("ann"), password: pass("p@s:s"), ..postgres("db1") },
            ),
            ("postgres://db1/caf%C3%A9%20bar", Dsn { database: "café bar".into(), ..postgres("db1") }),
            ("postgres://[2001:db8::1]:6000", Dsn { port: 6000, ..postgres("2001:db8::1") }),
            ("postgres://[::1]/", postgres("::1")),
            ("postgres://db1?sslmode=allow", postgres("db1")),
            ("postgres://db1?sslmode=disable", Dsn { tls: TlsMode::Disable, ..postgres("db1") }),
            ("postgres://db1/?sslmode=verify-full", Dsn { tls: TlsMode::VerifyFull, ..postgres("db1") }),
            ("clickhouse://ch1", clickhouse("ch1")),
            ("clickhouse://ch1?secure=false", Dsn { tls: TlsMode::Disable, ..clickhouse("ch1") }),
            (
                "clickhouse://ch1?secure=true",
                Dsn { tls: TlsMode::VerifyFull, port: 8443, ..clickhouse("ch1") },
            ),
            (
                "clickhouse://ch1:9000?secure=1",
                Dsn { tls: TlsMode::VerifyFull, port: 9000, ..clickhouse("ch1") },
            ),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn says_exactly_what_is_wrong() {
        let table = [
            ("", "must start with postgres:// or clickhouse://"),
            ("db1:5432", "must start with postgres:// or clickhouse://"),
            ("mysql://db1", "must start with postgres:// or clickhouse://"),
            ("postgres://", "names no host"),
            ("postgres:///shop", "names no host"),
            ("postgres://ann@:5432", "names no host"),
            ("postgres://db1,db2", "names more than one host; register each server by itself"),
            ("postgres://db1:0", "the port must be a number from 1 to 65535"),
            ("postgres://db1:65536", "the port must be a number from 1 to 65535"),
            ("postgres://db1:", "the port must be a number from 1 to 65535"),
            ("postgres://[::1", "the host must be a name, an IPv4 address or an IPv6 address in brackets"),
            ("postgres://[::g]", "the host must be a name, an IPv4 address or an IPv6 address in brackets"),
            (
                "postgres://::1:5432",
                "the host must be a name, an IPv4 address or an IPv6 address in brackets",
            ),
            ("postgres://%2Frun", "the host must be a name, an IPv4 address or an IPv6 address in brackets"),
            (
                "postgres://ann:a%zz@db1",
                "the password must be percent-encoded UTF-8 without zero bytes; write a literal % as %25",
            ),
            (
                "postgres://a%00:b@db1",
                "the user name must be percent-encoded UTF-8 without zero bytes; write a literal % as %25",
            ),
            (
                "postgres://db1/%FF",
                "the database must be percent-encoded UTF-8 without zero bytes; write a literal % as %25",
            ),
            (
                "postgres://db1?ssl=1&sslmode=require&foo",
                "unknown parameter ssl, foo; postgres takes sslmode",
            ),
            ("clickhouse://ch1?sslmode=require", "unknown parameter sslmode; clickhouse takes secure"),
            (
                "postgres://db1?sslmode=on",
                "sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full",
            ),
            ("clickhouse://ch1?secure=yes", "secure must be true or false"),
        ];
        for (text, expected) in table {
            let error = text.parse::<Dsn>().expect_err(text);
            assert_eq!(error.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn never_repeats_a_password() {
        let table = [
            "postgres://ann:hunter2",
            "postgres://ann:hunter2@",
            "postgres://ann:/hunter2@db1",
            "postgres://ann:x?hunter2@db1",
            "postgres://ann:hunter2%zz@db1",
            "postgres://ann:hunter2@db1:x",
            "postgres://db1?password=hunter2",
            "hunter2",
        ];
        for text in table {
            let error = text.parse::<Dsn>().expect_err(text);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        let dsn: Dsn = "postgres://ann:hunter2@db1".parse().unwrap();
        assert!(!format!("{dsn:?}").contains("hunter2"));
    }
}
