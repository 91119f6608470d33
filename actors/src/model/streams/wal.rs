//! How much WAL was written.

use super::{Stream, sum};

/// WAL of the whole server between two polls; one series. What PostgreSQL 18 counts elsewhere is not known there.
pub static WAL: Stream = Stream {
    name: "wal",
    columns: &[
        sum("wal_records"),
        sum("wal_fpi"),
        sum("wal_bytes"),
        sum("wal_buffers_full"),
        sum("wal_write"),
        sum("wal_sync"),
        sum("wal_write_time_us"),
        sum("wal_sync_time_us"),
    ],
};
