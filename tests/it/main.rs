//! Basira against real servers: one binary, any order, in parallel.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and shows its log"
)]

mod harness;

mod accounts;
mod bad_input;
mod clickhouse;
mod clusters;
mod config;
mod connections;
mod databases;
mod demo;
mod descriptors;
mod doors;
mod drift;
mod durability;
mod faults;
mod health;
mod hostile;
mod index_advice;
mod indexes;
mod internals;
mod isolation;
mod keeping;
mod literals;
mod live;
mod locks;
mod managed;
mod oidc;
mod outgoing;
mod passwords;
mod people;
mod plans;
mod reload;
mod replication;
mod roles;
mod secrets;
mod sequences;
mod server;
mod servers;
mod settings;
mod storage;
mod tables;
mod target_tls;
mod tenants;
mod tls;
mod totals;
mod vacuum;
mod waits;
