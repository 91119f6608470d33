//! Basira watches fleets of PostgreSQL and ClickHouse databases.

pub mod auth;
pub mod samples;
pub mod storage;
