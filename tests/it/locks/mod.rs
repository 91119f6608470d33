//! Who waits for what, who blocks whom, now and at a moment in the past.

mod hidden;
mod now;
mod scene;
mod then;
