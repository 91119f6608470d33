//! What queries of ClickHouse cost.

use super::{Stream, last, sum, word};

/// What each query cost between two looks. A series is (host, user, database, hash, kind), a group one fingerprint.
pub static QUERIES: Stream = Stream {
    name: "queries",
    columns: &[
        sum("calls"),
        sum("total_time_us"),
        // of the result
        sum("rows"),
        sum("result_bytes"),
        sum("read_rows"),
        sum("read_bytes"),
        sum("written_rows"),
        sum("written_bytes"),
        // the most that each call had, summed: divided by the calls it is what one call needs
        sum("memory_bytes"),
        sum("cpu_time_us"),
        sum("exceptions"),
        last("max_time_us"),
        last("peak_memory_bytes"),
        word("kind"),
    ],
};

/// How long calls took: a sketch that adds up. A series, and a group, is a fingerprint with a bucket in its last bits.
pub static QUERY_DURATIONS: Stream = Stream { name: "query_durations", columns: &[sum("calls")] };

/// Which errors calls ended with. A series is a fingerprint with a code.
pub static QUERY_EXCEPTIONS: Stream =
    Stream { name: "query_exceptions", columns: &[sum("calls"), last("code"), word("query_text")] };
