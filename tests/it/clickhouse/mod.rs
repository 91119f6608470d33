//! ClickHouse, watched.

mod processes;
mod queries;
