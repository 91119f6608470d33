//! What ClickHouse, or what stands in front of it, says; in the words of [`CollectError`].

use clickhouse::error::Error;

use crate::collect::{CollectError, advice};
use crate::drivers::cause::{Cause, innermost_cause, sources};
use crate::model::Secret;

/// More of a foreign message than this is not repeated.
const LONGEST_MESSAGE: usize = 400;

/// Whom we talk to, and as whom.
pub(super) struct Peer {
    pub(super) address: String,
    pub(super) is_encrypted: bool,
    /// The user.
    pub(super) role: String,
    /// So that an answer which repeats it is not repeated.
    pub(super) password: Option<Secret>,
}

impl Peer {
    /// Why a query failed.
    pub(super) fn query_error(&self, error: &Error) -> CollectError {
        match error {
            Error::BadResponse(text) => self.refusal(text),
            Error::Network(source) => self.network(&**source),
            Error::Custom(reason) => CollectError::Refused { reason: reason.clone() },
            other => CollectError::Lost { reason: innermost(other) },
        }
    }

    /// What a text that is no answer says.
    pub(super) fn refusal(&self, text: &str) -> CollectError {
        let Some((code, message)) = exception(text) else { return self.not_clickhouse(text) };
        let role = || self.role.clone();
        match code {
            // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED
            192..=194 | 516 => CollectError::Credentials { role: role() },
            // IP_ADDRESS_NOT_ALLOWED, UNKNOWN_DATABASE
            195 | 81 => CollectError::Refused { reason: message },
            // TIMEOUT_EXCEEDED, TOO_SLOW
            159 | 160 => CollectError::StatementTimeout,
            // TOO_MANY_SIMULTANEOUS_QUERIES
            202 => CollectError::TooManyConnections { role: role() },
            // UNKNOWN_TABLE
            60 => CollectError::Missing {
                reason: format!("the server lacks a table: {message}"),
                fix: "turn it on in the server's configuration, or use a version that has it".to_owned(),
            },
            // ACCESS_DENIED
            497 => CollectError::Permission {
                fix: advice::clickhouse_grant(&message, &role()),
                role: role(),
                message,
            },
            code => CollectError::Server { code: code.to_string(), message },
        }
    }

    /// The same failure, of the first questions of a connection: whatever it was, there is none.
    pub(super) fn unconnected(&self, error: CollectError) -> CollectError {
        match error {
            CollectError::Lost { reason } => CollectError::Connect {
                address: self.address.clone(),
                reason: format!("something is there, but no HTTP came back ({reason})"),
            },
            // a port without TLS may wait for the end of what it takes for a request
            CollectError::Deadline { after } if self.is_encrypted => CollectError::Tls {
                address: self.address.clone(),
                reason: format!("nothing came back within {} s", after.as_secs()),
            },
            error if error.ends_connection() => error,
            error => CollectError::Refused { reason: error.to_string() },
        }
    }

    fn not_clickhouse(&self, text: &str) -> CollectError {
        let start = text.trim_start();
        let repeats_secrets = text.to_ascii_lowercase().contains("x-clickhouse-key")
            || self.password.as_ref().is_some_and(|password| text.contains(password.expose()));
        let reason = if is_web_page(text) {
            "a web page came back instead of an answer: something else than ClickHouse, perhaps a proxy, answers here"
                .to_owned()
        } else if start.is_empty() {
            "an empty answer came back".to_owned()
        } else if repeats_secrets {
            "our own request came back instead of an answer".to_owned()
        } else {
            let line = shortened(start.lines().next().unwrap_or(""));
            format!("something that is no answer of ClickHouse came back: {line}")
        };
        CollectError::Refused { reason }
    }

    fn network(&self, error: Cause<'_>) -> CollectError {
        let (address, reason) = (self.address.clone(), innermost(error));
        if let Some(denied) = sources(error).find_map(|cause| cause.downcast_ref::<CollectError>()) {
            return denied.clone();
        }
        if let Some(cause) = sources(error).find_map(tls_error) {
            return CollectError::Tls { address, reason: cause.to_string() };
        }
        if error.to_string().contains("(Connect)") {
            return CollectError::Connect { address, reason };
        }
        CollectError::Lost { reason }
    }
}

/// The code and the first sentence of an exception: `Code: 60. DB::Exception: Unknown table .. (UNKNOWN_TABLE) ..`.
/// Older servers write `Code: 60, e.displayText() = DB::Exception: ..`.
fn exception(text: &str) -> Option<(u32, String)> {
    if is_web_page(text) {
        return None;
    }
    let rest = &text[text.find("Code: ")? + "Code: ".len()..];
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let code = rest[..digits].parse().ok()?;
    let message = rest.split_once("Exception: ").map_or(rest, |(_, message)| message);
    let message = message.split("(version ").next().unwrap_or(message);
    // our own question is nothing that needs repeating, and it may have been sent with values
    let message = message.split(": While processing").next().unwrap_or(message);
    Some((code, shortened(message.trim().trim_end_matches(", e.what() = DB::Exception").trim())))
}

fn is_web_page(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

/// A TLS error, which may travel inside of I/O errors.
fn tls_error(error: Cause<'_>) -> Option<Cause<'_>> {
    if error.is::<rustls::Error>() {
        return Some(error);
    }
    tls_error(error.downcast_ref::<std::io::Error>()?.get_ref()?)
}

fn innermost(error: Cause<'_>) -> String {
    shortened(&innermost_cause(error))
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Engine;

    fn peer() -> Peer {
        let password = Some(Secret::new("hunter2"));
        Peer { address: "ch:8123".to_owned(), is_encrypted: false, role: "mo".to_owned(), password }
    }

    #[test]
    fn exceptions_of_every_version_are_told_apart() {
        let of = |text: &str| peer().refusal(text);
        assert!(
            matches!(of("Code: 516. DB::Exception: mo: Authentication failed (AUTHENTICATION_FAILED) (version 26.7.2.1)"), CollectError::Credentials { role } if role == "mo")
        );
        assert!(matches!(
            of(
                "Code: 193, e.displayText() = DB::Exception: Wrong password for user mo, e.what() = DB::Exception"
            ),
            CollectError::Credentials { .. }
        ));
        assert_eq!(of("Code: 159. DB::Exception: Timeout exceeded"), CollectError::StatementTimeout);
        assert!(
            matches!(of("Code: 60. DB::Exception: Unknown table expression identifier 'system.x' (UNKNOWN_TABLE)"), CollectError::Missing { reason, .. } if reason.contains("system.x"))
        );
        assert!(
            matches!(of("Code: 241. DB::Exception: Memory limit exceeded"), CollectError::Server { code, .. } if code == "241")
        );
        let denied = of(
            "Code: 497. DB::Exception: mo: Not enough privileges. To execute this query, it's necessary to have the grant SELECT(event_time, query) ON system.query_log. (ACCESS_DENIED) (version 26.7.2.1)",
        );
        let fix = |error: CollectError| error.fix(Engine::Clickhouse).unwrap_or_default();
        assert_eq!(fix(denied), "GRANT SELECT ON system.query_log TO \"mo\";");
        let blind = of(
            "Code: 497. DB::Exception: mo: Not enough privileges. To execute this query, it's necessary to have the grant SELECT for at least one column on system.processes. (ACCESS_DENIED)",
        );
        assert_eq!(fix(blind), "GRANT SELECT ON system.processes TO \"mo\";");
        let remote = of(
            "Code: 497. DB::Exception: mo: Not enough privileges. To execute this query, it's necessary to have the grant READ ON REMOTE. (ACCESS_DENIED)",
        );
        assert_eq!(fix(remote), "GRANT READ ON REMOTE TO \"mo\";");
    }

    #[test]
    fn what_is_no_answer_is_not_mistaken_for_one() {
        for (text, told) in [
            ("<html><body>hi", "web page"),
            ("", "empty"),
            ("<p>Code: 7. Exception: no", "web page"),
            ("hello\nsecret", ": hello"),
        ] {
            let error = peer().refusal(text).to_string();
            assert!(error.contains(told) && !error.contains("secret"), "{error}");
        }
        for text in ["POST / X-ClickHouse-Key: secret", "you said hunter2"] {
            let error = peer().refusal(text).to_string();
            assert!(error.contains("our own request") && !error.contains("hunter2"), "{error}");
        }
    }
}
