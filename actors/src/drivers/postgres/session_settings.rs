//! The settings of a session. Whatever role, database or server set for it, our queries mean the same. They are set after the
//! login: a login event trigger runs with the settings that it was written for.

use std::time::Duration;

use tokio_postgres::SimpleQueryMessage;

use super::Postgres;
use super::connect::{FIRST_TIMEOUT, LOCK_TIMEOUT_MS, MARKER};
use super::error::pooler;
use crate::collect::CollectError;
use crate::text::quote_literal;

/// The marker and the isolation of transactions: neither takes a snapshot, which a standby refuses to a serializable one.
const SHOW: &str =
    "SHOW /* basira */ idle_in_transaction_session_timeout; SHOW /* basira */ default_transaction_isolation";
const ISOLATION: &str = "read committed";
const SET_ISOLATION: &str = "SET /* basira */ default_transaction_isolation = 'read committed'";

/// Before the first query that has an operator: a search path replaces operators.
const FIRST: &str =
    "SET /* basira */ search_path = pg_catalog; SET /* basira */ default_transaction_read_only = on";

/// Settings of context `user` that limit our queries, or change what they return; those that the version lacks are left out,
/// and so are those that the session has anyway.
const SETTINGS: [(&str, &str); 19] = [
    ("lock_timeout", LOCK_TIMEOUT_MS),
    ("transaction_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("default_transaction_deferrable", "off"),
    ("exit_on_error", "off"),
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("client_min_messages", "notice"),
    ("row_security", "on"),
    ("restrict_nonsystem_relation_kind", ""),
    ("stats_fetch_consistency", "cache"),
    ("quote_all_identifiers", "off"),
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    ("array_nulls", "on"),
    ("bytea_output", "hex"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),
];

impl Postgres {
    /// Sets the session up.
    ///
    /// # Errors
    /// [`CollectError::Pooler`] when a pooler keeps settings from the server, before anything is set: others would get the
    /// settings of a shared session.
    pub(super) async fn pin_settings(&self) -> Result<(), CollectError> {
        let shown = self.within(FIRST_TIMEOUT, self.client.simple_query(SHOW)).await?;
        let mut shown = shown.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        if shown.next() != Some(MARKER.1) {
            return Err(pooler("the limits that Basira set when connecting did not reach the server"));
        }
        if shown.next() != Some(ISOLATION) {
            self.within(FIRST_TIMEOUT, self.client.batch_execute(SET_ISOLATION)).await?;
        }
        self.within(FIRST_TIMEOUT, self.client.batch_execute(FIRST)).await?;
        self.within(FIRST_TIMEOUT, self.client.batch_execute(&pinning(FIRST_TIMEOUT))).await
    }
}

/// The query that sets [`SETTINGS`] and `statement_timeout`.
fn pinning(limit: Duration) -> String {
    let limit = limit.as_millis().to_string();
    let settings = SETTINGS.into_iter().chain([("statement_timeout", &*limit)]);
    let values: Vec<String> = settings
        .map(|(name, value)| format!("({}, {})", quote_literal(name), quote_literal(value)))
        .collect();
    format!(
        "SELECT /* basira */ pg_catalog.set_config(s.name, v.value, false) \
         FROM (VALUES {}) AS v (name, value) JOIN pg_catalog.pg_settings AS s ON s.name = v.name \
         WHERE s.setting <> v.value",
        values.join(", ")
    )
}
