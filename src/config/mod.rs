//! What the operator decides.

pub mod dsn;
