//! What a server needs for its plans to be read from its log, and the SQL that sets it up.

use super::entries::Format;
use super::line_prefix::LinePrefix;
use crate::collect::{CollectError, Cursor, Server};
use crate::model::Timestamp;
use crate::text::quote_identifier;

pub(super) const COLUMNS: &[&str] = &[
    "at",
    "min_duration",
    "log_format",
    "logging_collector",
    "log_destination",
    "log_line_prefix",
    "may_find",
    "may_list",
    "may_read",
];

const LOAD: &str = "LOAD 'auto_explain'; ALTER SYSTEM SET session_preload_libraries = 'auto_explain'; \
     ALTER SYSTEM SET auto_explain.log_min_duration = '1s'; ALTER SYSTEM SET auto_explain.log_format = 'json'; \
     SELECT pg_reload_conf();";
const TURN_ON: &str =
    "LOAD 'auto_explain'; ALTER SYSTEM SET auto_explain.log_min_duration = '1s'; SELECT pg_reload_conf();";
const WRITE_JSON: &str =
    "LOAD 'auto_explain'; ALTER SYSTEM SET auto_explain.log_format = 'json'; SELECT pg_reload_conf();";
const NAME_DATABASE: &str = "ALTER SYSTEM SET log_line_prefix = '%m [%p] %q%u@%d '; SELECT pg_reload_conf();";
const FUNCTIONS: [&str; 3] = [
    "pg_catalog.pg_current_logfile(text)",
    "pg_catalog.pg_ls_logdir()",
    "pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)",
];

/// The logging settings of a server, and the privileges of the role.
pub(super) struct LogSettings {
    pub(super) at: Timestamp,
    min_duration: Option<String>,
    log_format: Option<String>,
    collects_logs: bool,
    destinations: String,
    prefix: String,
    /// In the order of [`FUNCTIONS`].
    may: [bool; 3],
}

impl LogSettings {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, CollectError> {
        let at = cursor.required_timestamp()?;
        let mut text = || cursor.owned_text();
        let (min_duration, log_format) = (text()?, text()?);
        let collects_logs = text()?.as_deref() == Some("on");
        let (destinations, prefix) = (text()?.unwrap_or_default(), text()?.unwrap_or_default());
        let mut may = [false; 3];
        for granted in &mut may {
            *granted = cursor.bool()?.unwrap_or_default();
        }
        Ok(Self { at, min_duration, log_format, collects_logs, destinations, prefix, may })
    }

    /// How the log is written, when all that it takes to read plans from it is there.
    ///
    /// # Errors
    /// [`CollectError::Missing`] with the first thing that is missing.
    pub(super) fn format(&self, server: &Server) -> Result<Format, CollectError> {
        let missing = |reason: &str, fix: &str| {
            Err(CollectError::Missing { reason: reason.to_owned(), fix: fix.to_owned() })
        };
        match self.min_duration.as_deref() {
            None => return missing("auto_explain is not loaded: the server logs no plans", LOAD),
            Some("-1") => {
                return missing("auto_explain.log_min_duration is off: the server logs no plans", TURN_ON);
            }
            Some(_) => {}
        }
        if self.log_format.as_deref() != Some("json") {
            return missing("auto_explain.log_format is not json: other plans are not read", WRITE_JSON);
        }
        if !self.collects_logs {
            return missing(
                "logging_collector is off: the server's log is in no file that it could show",
                "ALTER SYSTEM SET logging_collector = on; then restart the server",
            );
        }
        let denied: Vec<&str> =
            FUNCTIONS.iter().zip(self.may).filter(|(_, may)| !may).map(|(function, _)| *function).collect();
        if !denied.is_empty() {
            return Err(CollectError::Missing {
                reason: format!("role {} may not read the server's log", server.role),
                fix: format!(
                    "GRANT EXECUTE ON FUNCTION {} TO {};",
                    denied.join(", "),
                    quote_identifier(&server.role)
                ),
            });
        }
        let line_prefix = LinePrefix::parse(&self.prefix);
        let writes = |name: &str| self.destinations.split(',').any(|destination| destination.trim() == name);
        if writes("jsonlog") {
            Ok(Format::Json)
        } else if writes("csvlog") {
            Ok(Format::Csv)
        } else if !writes("stderr") {
            missing(
                "log_destination has neither jsonlog, csvlog nor stderr",
                "ALTER SYSTEM SET log_destination = 'csvlog'; SELECT pg_reload_conf();",
            )
        } else if line_prefix.has_database() {
            Ok(Format::Plain(line_prefix))
        } else {
            missing(
                "log_line_prefix has no %d: the log does not contain the database of a plan",
                NAME_DATABASE,
            )
        }
    }
}

/// The server writes to no log file that it reports.
pub(super) fn no_file() -> CollectError {
    CollectError::Missing {
        reason: "the server names no log file of that format".to_owned(),
        fix: "check log_destination, log_directory and logging_collector".to_owned(),
    }
}
