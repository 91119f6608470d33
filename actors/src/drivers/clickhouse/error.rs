//! What ClickHouse, or what stands in front of it, says; in the words of [`CollectError`].

use std::error::Error as StdError;

use clickhouse::error::Error;

use crate::collect::{CollectError, advice};

/// More of a foreign message than this is not repeated.
const LONGEST_MESSAGE: usize = 400;

/// Why a query failed. `role` is the user.
pub(super) fn query_error(error: &Error, address: &str, role: &str) -> CollectError {
    match error {
        Error::BadResponse(text) => refusal(text, role),
        Error::Network(source) => network(&**source, address),
        other => CollectError::Lost { reason: innermost(other) },
    }
}

/// What a text that is no answer says.
pub(super) fn refusal(text: &str, role: &str) -> CollectError {
    let Some((code, message)) = exception(text) else { return not_clickhouse(text) };
    let role = || role.to_owned();
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

/// The code and the first sentence of an exception: `Code: 60. DB::Exception: Unknown table .. (UNKNOWN_TABLE) ..`.
/// Older servers write `Code: 60, e.displayText() = DB::Exception: ..`.
fn exception(text: &str) -> Option<(u32, String)> {
    let rest = &text[text.find("Code: ")? + "Code: ".len()..];
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let code = rest[..digits].parse().ok()?;
    let message = rest.split_once("Exception: ").map_or(rest, |(_, message)| message);
    let message = message.split("(version ").next().unwrap_or(message);
    // our own question is nothing that needs repeating, and it may have been sent with values
    let message = message.split(": While processing").next().unwrap_or(message);
    Some((code, shortened(message.trim().trim_end_matches(", e.what() = DB::Exception").trim())))
}

fn not_clickhouse(text: &str) -> CollectError {
    let start = text.trim_start();
    let reason = if start.starts_with('<') {
        "a web page came back instead of an answer: something else than ClickHouse, perhaps a proxy, answers here"
            .to_owned()
    } else if start.is_empty() {
        "an empty answer came back".to_owned()
    } else {
        format!(
            "something that is no answer of ClickHouse came back: {}",
            shortened(start.lines().next().unwrap_or(""))
        )
    };
    CollectError::Refused { reason }
}

fn network(error: &(dyn StdError + 'static), address: &str) -> CollectError {
    let reason = innermost(error);
    let mut source = Some(error);
    while let Some(cause) = source {
        if cause.is::<rustls::Error>() {
            return CollectError::Tls { address: address.to_owned(), reason: cause.to_string() };
        }
        // a TLS error travels inside of an I/O error
        if let Some(inner) = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref)
            && inner.is::<rustls::Error>()
        {
            return CollectError::Tls { address: address.to_owned(), reason: inner.to_string() };
        }
        source = cause.source();
    }
    if error.to_string().contains("(Connect)") {
        return CollectError::Connect { address: address.to_owned(), reason };
    }
    CollectError::Lost { reason }
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    shortened(&last.to_string())
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_of_every_version_are_told_apart() {
        let of = |text: &str| refusal(text, "mo");
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
        assert_eq!(denied.fix().as_deref(), Some("GRANT SELECT ON system.query_log TO \"mo\";"));
    }

    #[test]
    fn what_is_no_answer_is_not_mistaken_for_one() {
        for (text, told) in [("<html><body>hi", "web page"), ("", "empty"), ("hello\nsecret", ": hello")] {
            let error = refusal(text, "mo").to_string();
            assert!(error.contains(told) && !error.contains("secret"), "{error}");
        }
    }
}
