//! A full try-out with nothing installed: a throwaway PostgreSQL with a life of its own, and Basira watching it.
#![expect(clippy::print_stdout, reason = "talking to the person at the terminal is its job")]

pub mod servers;
