//! Basira watches fleets of PostgreSQL and ClickHouse databases.

pub mod auth;
pub mod config;
pub mod samples;
