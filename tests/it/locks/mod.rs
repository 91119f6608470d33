//! Who waits for what, who blocks whom, now and at a moment in the past.

mod current;
mod history;
mod scene;
mod unprivileged;
