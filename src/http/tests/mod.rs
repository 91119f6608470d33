//! The API over real sockets: accounts and databases on a real store, samples from a fixed one.

mod accounts;
mod api_keys;
mod audit;
mod conventions;
mod harness;
mod live;
mod pages;
mod people;
mod queries;
mod samples;
mod shutdown;
