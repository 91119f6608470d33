//! Converts exceptions of ClickHouse and network errors to [`CollectError`].

use super::limits::LIMIT_EXCEEDED;
use crate::collect::{CollectError, advice, one_line};
use crate::drivers::budget::StreamFault;
use crate::drivers::cause::{Cause, innermost_cause, sources};
use crate::model::Secret;
use crate::text::secrets::without;

pub(super) const ENGINE: &str = "ClickHouse";

/// The server and the user of a connection.
pub(super) struct Peer {
    pub(super) address: String,
    pub(super) is_encrypted: bool,
    /// The user name.
    pub(super) role: String,
    /// Removed from error messages of the server.
    pub(super) password: Option<Secret>,
}

impl Peer {
    /// Converts the text of an exception.
    pub(super) fn exception_error(&self, text: &str) -> CollectError {
        let Some((code, message)) = exception(text) else { return self.not_clickhouse(text) };
        let message = one_line(&without(message, self.password.as_ref()));
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
                fix: "enable it in the configuration of the server, or use a version that has it".to_owned(),
            },
            // ACCESS_DENIED
            497 => CollectError::Permission {
                fix: advice::clickhouse_grant(&message, &role()),
                role: role(),
                message,
            },
            code if LIMIT_EXCEEDED.contains(&code) => CollectError::Missing {
                reason: format!("a limit of the profile of user {} was exceeded: {message}", self.role),
                fix: format!(
                    "raise that limit for user {} (max_result_rows, max_result_bytes and their like), or let the user change it",
                    self.role
                ),
            },
            code => CollectError::Server { code: code.to_string(), message },
        }
    }

    /// Converts an error of the first queries of a connection, which mean that connecting failed.
    pub(super) fn connect_error(&self, error: CollectError) -> CollectError {
        match error {
            CollectError::Lost { reason } => CollectError::Connect {
                address: self.address.clone(),
                reason: format!("the server accepts connections but does not respond over HTTP ({reason})"),
            },
            // a port without TLS may wait for the rest of a request
            CollectError::Deadline { after } if self.is_encrypted => CollectError::Tls {
                address: self.address.clone(),
                reason: format!("no response within {} s", after.as_secs()),
            },
            error if error.ends_connection() => error,
            error => CollectError::Refused { reason: error.to_string() },
        }
    }

    /// The error for a response of another service. It does not quote the response, which only this server may be able to get.
    pub(super) fn not_clickhouse(&self, text: &str) -> CollectError {
        let came = if is_web_page(text) {
            "a web page"
        } else if text.trim_start().is_empty() {
            "an empty answer"
        } else {
            "something else"
        };
        CollectError::Foreign { address: self.address.clone(), engine: ENGINE, came }
    }

    /// Converts an error of the connection.
    pub(super) fn network_error(&self, error: Cause<'_>) -> CollectError {
        let (address, reason) = (self.address.clone(), one_line(&innermost_cause(error)));
        if let Some(denied) = sources(error).find_map(|cause| cause.downcast_ref::<CollectError>()) {
            return denied.clone();
        }
        if let Some(fault) = sources(error).find_map(inside::<StreamFault>) {
            return fault.error(&address, ENGINE);
        }
        if let Some(cause) = sources(error).find_map(inside::<rustls::Error>) {
            return CollectError::Tls { address, reason: one_line(&cause.to_string()) };
        }
        if error.to_string().contains("(Connect)") {
            return CollectError::Connect { address, reason };
        }
        CollectError::Lost { reason }
    }
}

/// Whether `text` begins like an exception.
pub(super) fn is_exception(text: &str) -> bool {
    text.trim_start().strip_prefix(CODE).and_then(code_of).is_some()
}

/// The text before the code of an exception.
const CODE: &str = "Code: ";

/// Returns the code and the first sentence of an exception: `Code: 60. DB::Exception: Unknown table .. (UNKNOWN_TABLE) ..`.
/// Older servers write `Code: 60, e.displayText() = DB::Exception: ..`. It may follow the first rows of a reply.
fn exception(text: &str) -> Option<(u32, &str)> {
    let whole = text.trim_start().strip_prefix(CODE).and_then(code_of);
    let (code, message) = whole.or_else(|| code_of(text.rsplit_once(CODE)?.1))?;
    let message = message.split("(version ").next().unwrap_or(message);
    // our own query is not repeated: it may contain values
    let message = message.split(": While processing").next().unwrap_or(message);
    Some((code, message.trim().trim_end_matches(", e.what() = DB::Exception").trim()))
}

/// Returns the code at the start of `text` and the message after it.
fn code_of(text: &str) -> Option<(u32, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (code, rest) = text.split_at(digits);
    let rest = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(", e.displayText() = "))?;
    let (kind, message) = rest.split_once("Exception: ")?;
    let is_kind = kind.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b':') && kind.contains("::");
    Some((code.parse().ok()?, message)).filter(|_| is_kind)
}

fn is_web_page(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

/// Returns an error of type `E`, which may be inside of I/O errors.
fn inside<'a, E: std::error::Error + 'static>(error: Cause<'a>) -> Option<&'a E> {
    error.downcast_ref::<E>().or_else(|| inside(error.downcast_ref::<std::io::Error>()?.get_ref()?))
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
    fn exceptions_of_all_versions_are_recognized() {
        let of = |text: &str| peer().exception_error(text);
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
    fn a_response_of_another_service_is_not_quoted() {
        for (text, expected) in [
            ("<html><body>hunter3", "a web page came"),
            ("", "an empty answer came"),
            ("<p>Code: 7. hunter3: no", "a web page came"),
            ("hunter3\nhunter3", "something else came"),
            ("{\"key\": \"hunter3\", \"Code: \": 7}", "something else came"),
            ("Code: 7. hunter3", "something else came"),
        ] {
            let error = peer().exception_error(text).to_string();
            assert!(
                error.contains(expected) && error.contains("ch:8123 does not answer as ClickHouse"),
                "{error}"
            );
            assert!(!error.contains("hunter3"), "{error}");
        }
    }

    #[test]
    fn an_exception_is_truncated_and_does_not_contain_our_password() {
        let text =
            format!("Code: 62. DB::Exception: near hunter2: {} (version 26.7.2.1)", "x".repeat(1 << 20));
        let error = peer().exception_error(&text).to_string();
        assert!(error.contains("near ***: xxx") && error.len() < 1_200, "{error}");
    }

    #[test]
    fn an_exception_after_the_first_rows_is_found() {
        let text = "[1],[2]\nCode: 241. DB::Exception: Memory limit exceeded. (version 26.7.2.1)\n";
        assert!(matches!(peer().exception_error(text), CollectError::Server { code, .. } if code == "241"));
    }
}
