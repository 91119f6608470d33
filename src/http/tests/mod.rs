//! The API over real sockets: accounts and databases on a real store, samples from a fixed one.

mod accounts;
mod api_document;
mod api_keys;
mod audit;
mod conventions;
mod cross_origin;
mod fuzz;
mod hardening;
mod harness;
mod isolation;
mod limits;
mod live;
mod pages;
mod people;
mod queries;
mod reference;
mod restarting;
mod samples;
mod shutdown;
