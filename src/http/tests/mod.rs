//! The API over real sockets: accounts and databases on a real store, samples from a fixed one.

mod accounts;
mod conventions;
mod fuzz;
mod harness;
mod isolation;
mod live;
mod queries;
mod samples;
mod shutdown;
