//! ClickHouse, watched.

mod answers;
mod cluster;
mod courtesy;
mod faults;
mod oldest;
mod processes;
mod tls;
