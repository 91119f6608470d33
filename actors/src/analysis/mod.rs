//! Algorithms on plain data: lock trees, overlapping indexes, duration sketches. Pure.

pub mod durations;
mod lock_tree;
mod overlap;

pub use lock_tree::{Blocker, lock_tree};
pub use overlap::{Overlap, OverlapReason, overlaps};
