//! ClickHouse, watched.

mod answers;
mod cluster;
mod courtesy;
mod errors;
mod faults;
mod log_tables;
mod merges;
mod mutations;
mod oldest;
mod parts;
mod processes;
mod queries;
mod routes;
mod server_metrics;
mod settings;
mod tls;
mod waits;
