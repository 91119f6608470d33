//! Starts, restarts and stops the actor of each database.

mod directory;

pub use directory::{Directory, Handle, Live, Subscription, Unavailable};
