//! Watching one database: collectors, deltas, drivers, actors. Knows nothing of HTTP and nothing of SeaORM.

pub mod model;
pub mod ports;
pub mod supervisor;
pub mod text;
