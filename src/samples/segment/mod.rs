//! Making segments: of the records of an hour, and of the segments of a day.

mod build;
mod merge;
mod write;

pub(super) use build::build;
pub(super) use merge::Merge;
pub(super) use write::Segment;

/// Rows held at a time: bounds the memory of sealing and rolling up to some 12 MB, whatever the size of a segment.
const STRIPE_ROWS: usize = 65_536;
