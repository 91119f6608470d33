//! The background work of the engine: sealing, rolling up, deleting; never in the way of appends and reads.

mod cap;
mod context;
mod dictionaries;
mod failures;
mod free_space;
mod organization_sizes;
mod retention;
mod rollup;
mod run;
mod seal;

pub(super) use context::{Maintenance, Pace};
