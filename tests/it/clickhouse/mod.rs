//! ClickHouse, watched.

mod processes;
