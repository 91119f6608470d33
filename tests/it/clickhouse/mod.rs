//! ClickHouse, watched.

mod errors;
mod log_tables;
mod processes;
mod queries;
mod routes;
mod server_metrics;
mod settings;
mod waits;
