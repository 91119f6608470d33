//! What each database of a server did.

use super::{Stream, last, sum, word};

/// The counters of `pg_stat_database`, and the sizes and ages that belong to a database as a whole. A series is the name
/// of a database; that of shared objects has none.
pub static DATABASES: Stream = Stream {
    name: "databases",
    columns: &[
        word("database_name"),
        sum("commits"),
        sum("rollbacks"),
        sum("blks_read"),
        sum("blks_hit"),
        sum("tup_returned"),
        sum("tup_fetched"),
        sum("tup_inserted"),
        sum("tup_updated"),
        sum("tup_deleted"),
        sum("conflicts"),
        sum("temp_files"),
        sum("temp_bytes"),
        sum("deadlocks"),
        sum("checksum_failures"),
        sum("blk_read_time_us"),
        sum("blk_write_time_us"),
        sum("session_time_us"),
        sum("active_time_us"),
        sum("idle_in_transaction_time_us"),
        sum("sessions"),
        sum("sessions_abandoned"),
        sum("sessions_fatal"),
        sum("sessions_killed"),
        sum("conflicts_tablespace"),
        sum("conflicts_lock"),
        sum("conflicts_snapshot"),
        sum("conflicts_bufferpin"),
        sum("conflicts_deadlock"),
        last("numbackends"),
        last("connection_limit"),
        last("size_bytes"),
        last("xid_age"),
        last("mxid_age"),
    ],
};
