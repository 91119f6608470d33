//! ClickHouse, watched.

mod merges;
mod mutations;
mod parts;
mod processes;
