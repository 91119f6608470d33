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
mod config;
mod demo;
mod faults;
mod isolation;
mod keeping;
mod live;
mod plans;
mod servers;
mod storage;
mod totals;
