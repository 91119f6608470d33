//! Basira against real servers: one binary, any order, in parallel.

mod harness;

mod servers;
