//! What the API shows, made of samples and of what the actors saw last. Uses neither HTTP nor the storage of samples.

pub mod activity;
pub mod background_merges;
pub mod buckets;
pub mod errors;
pub mod events;
pub mod exceptions;
pub mod health;
pub mod json_cells;
pub mod latency;
pub mod locks;
pub mod log_tables;
pub mod plans;
pub mod ranking;
pub mod relations;
pub mod replay;
pub mod server_metrics;
pub mod statements;
pub mod waits;
