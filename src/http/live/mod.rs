//! Live streams over WebSocket: each client gets the newest snapshot at its own interval.

mod access;
mod close;
mod pace;
mod session;

pub use access::StreamAccess;
pub use session::{Session, run};
