//! What tests and benchmarks of several crates share: throwaway servers that can be stopped, killed and frozen, generated
//! values, and the check of answers against the API document.

mod api_document;
mod clickhouse;
mod fuzzing;
mod postgres;

pub use api_document::{Answer, ApiDocument};
pub use basira_servers::{
    ClickHouseDistribution, ClickHouseOptions, Distribution, Guardian, Options, ServerError, cached, connect,
    run, scratch_directory,
};
pub use clickhouse::{ClickHouseServer, fetch_oldest_clickhouse};
pub use fuzzing::{fuzz, text};
pub use postgres::{MAJORS, PostgresServer, fetch_with_hypopg};
