//! The engine on SQLite and PostgreSQL: the tail is sealed into packed segments, which are rolled up.

mod build;
mod changes;
mod decoded_cache;
pub(super) mod disk_usage;
mod engine;
mod lookup;
mod maintenance;
mod merge;
mod new_segment;
mod plan;
mod read;
mod usage;
mod write;

#[cfg(test)]
pub(super) use build::build;
pub use engine::SegmentStore;
pub(super) use usage::usage_of;
