//! How often statements were forgotten for want of room.

use super::{Stream, sum};

/// Rounds of evictions of `pg_stat_statements` between two polls, where there were any; each forgets 5 % of the
/// statements. One series.
pub static EVICTIONS: Stream = Stream { name: "evictions", columns: &[sum("rounds")] };
