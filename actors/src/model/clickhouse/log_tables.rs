//! The system log tables of a ClickHouse server.

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::model::common::{Snapshot, Timestamp};

/// One system log table on one node. Null where the server does not report a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogTable {
    pub host_name: String,
    pub name: String,
    /// The original name of a table that the server renamed at an upgrade or a change of its definition.
    pub left_over_of: Option<String>,
    pub rows: i64,
    pub bytes_on_disk: i64,
    pub parts: i64,
    /// `2026-01-31`; null for a table that is not partitioned by day or month.
    pub oldest_day: Option<String>,
    pub newest_day: Option<String>,
    /// The number of days from the oldest to the newest.
    #[serde(skip)]
    pub days: Option<i64>,
    pub has_ttl: Option<bool>,
    /// As the server writes it: `event_date + toIntervalDay(30)`.
    pub ttl: Option<String>,
    /// The column that a TTL can be based on.
    #[serde(skip)]
    pub date_column: Option<String>,
}

impl LogTable {
    /// Returns the series in the stream of log tables.
    #[must_use]
    pub fn series(&self) -> u64 {
        xxh3_64(format!("{}\0{}", self.host_name, self.name).as_bytes())
    }

    /// Returns the SQL that stops its growth; none when it has a TTL, or no column is known that a TTL can be based on.
    #[must_use]
    pub fn fix(&self) -> Option<String> {
        let quoted = quoted(&self.name);
        if self.left_over_of.is_some() {
            return Some(format!("DROP TABLE system.{quoted}"));
        }
        let column = self.date_column.as_ref().filter(|_| self.has_ttl == Some(false))?;
        Some(format!("ALTER TABLE system.{quoted} MODIFY TTL {column} + INTERVAL 30 DAY"))
    }
}

/// All system log tables, by node and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogTables {
    /// The server's clock.
    pub at: Timestamp,
    pub tables: Vec<LogTable>,
}

impl Snapshot for LogTables {}

/// Quotes a name for SQL where needed.
fn quoted(name: &str) -> String {
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        name.to_owned()
    } else {
        format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
    }
}
