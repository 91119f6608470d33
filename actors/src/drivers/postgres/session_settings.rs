//! The settings of a session. Whatever role, database or server set for it, our queries mean the same. They are set after the
//! login: a login event trigger runs with the settings that it was written for.

use std::time::Duration;

use tokio_postgres::SimpleQueryMessage;

use super::connect::FIRST_TIMEOUT;
use super::error::pooler;
use super::{LOCK_TIMEOUT, Postgres};
use crate::collect::CollectError;
use crate::text::quote_literal;

/// Sent at connect, and harmless to an event trigger: shows whether the server itself gets what we set.
pub(super) const MARKER: (&str, &str) = ("idle_in_transaction_session_timeout", "10s");

const SHOW_MARKER: &str = "SHOW /* basira */ idle_in_transaction_session_timeout";

/// Before the first query: a standby refuses the snapshot of a serializable transaction, a search path replaces operators.
const FIRST: &str = "SET /* basira */ default_transaction_isolation = 'read committed'; \
     SET /* basira */ search_path = pg_catalog; SET /* basira */ default_transaction_read_only = on; \
     SET /* basira */ exit_on_error = off";

/// Settings of context `user` that limit our queries, or change what they return; those that the version lacks are left out.
const SETTINGS: [(&str, &str); 28] = [
    ("lock_timeout", LOCK_TIMEOUT),
    ("transaction_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("default_transaction_deferrable", "off"),
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("force_parallel_mode", "off"),
    ("debug_parallel_query", "off"),
    ("client_min_messages", "warning"),
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
    ("TimeZone", "UTC"),
    ("extra_float_digits", "1"),
    ("xmloption", "content"),
    ("xmlbinary", "base64"),
    ("plan_cache_mode", "auto"),
    ("geqo", "on"),
    ("join_collapse_limit", "8"),
    ("from_collapse_limit", "8"),
    ("work_mem", "4MB"),
];

impl Postgres {
    /// Sets the session up.
    ///
    /// # Errors
    /// [`CollectError::Pooler`] when a pooler keeps settings from the server, before anything is set: others would get the
    /// settings of a shared session.
    pub(super) async fn pin_settings(&self) -> Result<(), CollectError> {
        let shown = self.within(FIRST_TIMEOUT, self.client.simple_query(SHOW_MARKER)).await?;
        let shown = shown.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        if shown != Some(MARKER.1) {
            return Err(pooler("the limits that Basira set when connecting did not reach the server"));
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
         FROM (VALUES {}) AS v (name, value) JOIN pg_catalog.pg_settings AS s ON s.name = v.name",
        values.join(", ")
    )
}
