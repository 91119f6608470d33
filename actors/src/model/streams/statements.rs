//! What statements cost.

use super::{Stream, last, sum};

/// What each statement cost between two polls. A series is (user, database, queryid, toplevel), a group one fingerprint.
pub static STATEMENTS: Stream = Stream {
    name: "statements",
    columns: &[
        sum("calls"),
        sum("total_time_us"),
        sum("rows"),
        sum("shared_blks_hit"),
        sum("shared_blks_read"),
        sum("shared_blks_dirtied"),
        sum("shared_blks_written"),
        sum("temp_blks_read"),
        sum("temp_blks_written"),
        sum("blk_read_time_us"),
        sum("blk_write_time_us"),
        sum("wal_records"),
        sum("wal_fpi"),
        sum("wal_bytes"),
        sum("plans"),
        sum("plan_time_us"),
        sum("jit_functions"),
        sum("jit_time_us"),
        last("min_time_us"),
        last("max_time_us"),
        last("stddev_time_us"),
    ],
};
