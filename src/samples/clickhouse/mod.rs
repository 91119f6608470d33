//! The engine on ClickHouse: records are shipped from the local tail to tables on a server.

mod columns;
mod engine;
mod error;
mod local_tail;
mod maintenance;
mod plan;
mod read;
mod retention;
mod row_binary;
mod schema;
mod server;
mod shipments;
mod shipper;
mod tables;
#[cfg(test)]
pub(super) mod tests;
mod usage;

pub(super) use engine::usage_of;
pub use engine::{ClickHouseOptions, ClickHouseStore};
pub use error::ClickHouseError;
