//! Basira watches fleets of PostgreSQL and ClickHouse databases.

pub mod auth;
pub mod fields;
pub mod samples;
pub mod storage;
