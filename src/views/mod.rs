//! What the API shows, made of samples and of what the actors saw last. Knows neither HTTP nor how samples are stored.

pub mod activity;
pub mod events;
pub mod locks;
pub mod merging;
pub mod plans;
pub mod recorder;
pub mod relations;
pub mod shown;
pub mod statements;
pub mod waits;
