//! ClickHouse, watched.

mod errors;
mod log_tables;
mod merges;
mod mutations;
mod parts;
mod processes;
mod queries;
mod routes;
mod server_metrics;
mod settings;
mod waits;
