//! Summing samples: sums add, readings and words take the newest. The order of adding does not matter.

mod accumulator;
mod buckets;
mod cells;
mod compact_record;
mod groups;
mod summed;
mod totals;

pub(super) use accumulator::Accumulator;
pub(super) use buckets::Buckets;
pub(super) use cells::{Cells, Columns};
pub(super) use compact_record::CompactRecord;
pub(super) use groups::Groups;
pub(super) use summed::Summed;
pub(super) use totals::Totals;
