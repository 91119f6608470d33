//! Basira watches fleets of PostgreSQL and ClickHouse databases.

pub mod app;
pub mod auth;
pub mod http;
pub mod samples;
