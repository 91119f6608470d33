//! What became of finished WAL files.

use super::{Stream, last, sum, word};

/// How many files were archived and how often that failed. The server is one series.
pub static ARCHIVER: Stream = Stream {
    name: "archiver",
    columns: &[
        sum("archived"),
        sum("failed"),
        // each file has a name of its own: not stored any more
        word("last_archived_wal"),
        last("last_archived_at_ms"),
        word("last_failed_wal"),
        last("last_failed_at_ms"),
    ],
};
