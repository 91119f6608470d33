//! The API over real sockets: accounts and databases on a real store, samples from a fixed one.

mod accounts;
mod conventions;
mod harness;
mod live;
mod pages;
mod queries;
mod samples;
mod shutdown;
