//! Basira against real servers: one binary, any order, in parallel.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and shows its log"
)]

// first: the modules below use its macros
#[macro_use]
mod harness;

mod access_control;
mod accounts;
mod admin_commands;
mod all_databases;
mod bad_input;
mod clickhouse;
mod config;
mod connections;
mod databases;
mod demo;
mod denied_addresses;
mod durability;
mod events;
mod faults;
mod file_descriptors;
mod foreign_texts;
mod health;
mod index_advice;
mod indexes;
mod internals;
mod isolation;
mod literals;
mod live;
mod locks;
mod malicious_servers;
mod managed;
mod members;
mod moved_objects;
mod oidc;
mod passwords;
mod plans;
mod queries;
mod reload;
mod replication;
mod roles;
mod secrets;
mod sequences;
mod session_settings;
mod settings;
mod storage;
mod tables;
mod target_tls;
mod tenant_limits;
mod test_servers;
mod tls;
mod unknown_version;
mod vacuum;
mod waits;
