//! Plain data shared by all modules: no I/O, no actors, no SQL.

mod clickhouse;
mod common;
mod postgres;
pub mod streams;

pub use clickhouse::*;
pub use common::*;
pub use postgres::*;
