//! ClickHouse, watched.

mod answers;
mod cluster;
mod errors;
mod faults;
mod log_tables;
mod merges;
mod mutations;
mod oldest;
mod parts;
mod processes;
mod queries;
mod query_limits;
mod routes;
mod server_metrics;
mod settings;
mod tls;
mod waits;
