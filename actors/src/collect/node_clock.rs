//! The node of ClickHouse that is connected to, and its clock. Read before tables that may be empty, such as errors.

use std::time::Duration;

use super::{Answer, CellError, CollectError, Cursor, Server, Step};
use crate::model::Timestamp;

const VARIANTS: [(u32, &str); 2] =
    [(1816, include_str!("sql/node_clock/18.16.sql")), (2010, include_str!("sql/node_clock/20.10.sql"))];
const COLUMNS: &[&str] = &["host_name", "at", "version", "uptime_seconds"];

/// The node connected to, also where a whole cluster is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeClock {
    pub host_name: String,
    pub at: Timestamp,
    pub version: String,
    pub uptime: Duration,
}

impl NodeClock {
    /// Returns the query.
    ///
    /// # Errors
    /// [`CollectError::Missing`] for a server that is too old.
    pub fn ask(server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`CellError`] when a cell has another type than expected.
    pub fn read(answer: &Answer<'_>) -> Result<Self, CellError> {
        let mut cursor = Cursor::new(answer.rows, 0);
        Ok(Self {
            host_name: cursor.owned_text()?.unwrap_or_default(),
            at: cursor.required_timestamp()?,
            version: cursor.owned_text()?.unwrap_or_default(),
            uptime: seconds(cursor.required_i64()?),
        })
    }
}

/// Returns the duration of a number of seconds.
#[must_use]
pub fn seconds(value: i64) -> Duration {
    Duration::from_secs(u64::try_from(value).unwrap_or_default())
}
