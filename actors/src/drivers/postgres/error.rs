//! Converts errors of tokio-postgres to [`CollectError`].

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::collect::{CollectError, Server, advice, one_line};
use crate::model::{Secret, Target};
use crate::text::secrets::without;

/// Converts an error of a connect.
pub(super) fn connect_error(error: &Error, address: &str, target: &Target) -> CollectError {
    let role = || target.username.clone().unwrap_or_else(|| "postgres".to_owned());
    if let Some(refusal) = error.as_db_error() {
        return match *refusal.code() {
            SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                CollectError::Credentials { role: role() }
            }
            // the message of PgBouncer and of poolers that follow it
            SqlState::PROTOCOL_VIOLATION if refusal.message().contains("startup parameter") => {
                pooler(&message_of(refusal, target.password.as_ref()))
            }
            SqlState::TOO_MANY_CONNECTIONS => CollectError::TooManyConnections { role: role() },
            _ => refused_login(refusal, target.password.as_ref()),
        };
    }
    let address = address.to_owned();
    let text = error.to_string();
    match error.source() {
        Some(source) if text.contains("TLS") => {
            CollectError::Tls { address, reason: one_line(&source.to_string()) }
        }
        Some(source) if source.is::<io::Error>() => {
            CollectError::Connect { address, reason: one_line(&source.to_string()) }
        }
        // such as "password missing": the server requests credentials that are not configured
        _ if text.contains("invalid configuration") => CollectError::Credentials { role: role() },
        Some(source) => CollectError::Connect { address, reason: one_line(&source.to_string()) },
        None => CollectError::Connect { address, reason: text },
    }
}

/// The refusal of a login. Only an event trigger has a context: the functions that it was in.
fn refused_login(refusal: &DbError, password: Option<&Secret>) -> CollectError {
    let reason = message_of(refusal, password);
    let context = refusal.where_().and_then(|context| context.lines().last());
    match context {
        Some(context) => CollectError::LoginTrigger { reason, context: one_line(context) },
        None => CollectError::Refused { reason },
    }
}

/// Returns the message of `refusal` without our password, which it may repeat.
fn message_of(refusal: &DbError, password: Option<&Secret>) -> String {
    one_line(&without(refusal.message(), password))
}

/// The error of a connection pooler that shares sessions.
pub(super) fn pooler(reason: &str) -> CollectError {
    CollectError::Pooler { reason: reason.to_owned() }
}

/// Converts an error of a query.
pub(super) fn query_error(error: &Error, server: &Server, password: Option<&Secret>) -> CollectError {
    match error.as_db_error() {
        Some(refusal) => server_error(refusal, server, message_of(refusal, password)),
        None => CollectError::Lost {
            reason: one_line(&error.source().map_or_else(|| error.to_string(), ToString::to_string)),
        },
    }
}

fn server_error(refusal: &DbError, server: &Server, message: String) -> CollectError {
    match *refusal.code() {
        // the server ends the session, whatever for
        _ if matches!(refusal.parsed_severity(), Some(Severity::Fatal | Severity::Panic)) => {
            CollectError::Lost { reason: message }
        }
        SqlState::QUERY_CANCELED => CollectError::StatementTimeout,
        SqlState::LOCK_NOT_AVAILABLE => CollectError::Locked,
        SqlState::INSUFFICIENT_PRIVILEGE => CollectError::Permission {
            role: server.role.clone(),
            fix: advice::postgres_grant(&message, &server.role),
            message,
        },
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW => {
            CollectError::Lost { reason: message }
        }
        SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE if message.contains("shared_preload_libraries") => {
            CollectError::Missing {
                reason: message,
                fix: advice::preload(server.provider, "pg_stat_statements"),
            }
        }
        // the statement was prepared in another session
        SqlState::INVALID_SQL_STATEMENT_NAME | SqlState::DUPLICATE_PSTATEMENT => pooler(&message),
        ref code => CollectError::Server { code: code.code().to_owned(), message },
    }
}
