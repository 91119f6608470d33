//! Why ClickHouse could not store or return samples.

use std::time::Duration;

use clickhouse::error::Error;

/// A query to ClickHouse failed.
#[derive(Debug, thiserror::Error)]
pub enum ClickHouseError {
    #[error("{doing} failed: {source}")]
    Refused { doing: &'static str, source: Error },
    #[error("{doing} failed: no answer within {} s", within.as_secs_f32())]
    TimedOut { doing: &'static str, within: Duration },
    #[error("{doing} failed: the answer cannot be read")]
    Malformed { doing: &'static str },
    #[error("{doing} failed: the server says that it has it, but it does not")]
    Lost { doing: &'static str },
}
