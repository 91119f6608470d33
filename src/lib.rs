//! Basira watches fleets of PostgreSQL and ClickHouse databases.

// first: the modules below use its macro
#[macro_use]
pub mod output;

mod accept;
pub mod app;
pub mod auth;
mod blocking;
pub mod cli;
pub mod clock_guard;
pub mod config;
pub mod databases;
pub mod demo;
pub mod fields;
pub mod http;
pub mod limits;
pub mod log;
mod log_limit;
pub mod mail;
pub mod quota;
pub mod reload;
pub mod role;
pub mod run;
pub mod samples;
pub mod storage;
#[cfg(test)]
mod testing;
pub mod views;
