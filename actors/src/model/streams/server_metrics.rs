//! How a ClickHouse server fares as a whole.

use super::{Stream, last, sum, word};

/// Memory, connections and queries of each node at each look. A series is a node. `counted_us` is the time that the sums
/// are about.
pub static SERVER_METRICS: Stream = Stream {
    name: "server_metrics",
    columns: &[
        word("host_name"),
        last("resident_bytes"),
        last("tracked_bytes"),
        last("limit_bytes"),
        last("tcp_connections"),
        last("http_connections"),
        last("mysql_connections"),
        last("postgres_connections"),
        last("interserver_connections"),
        last("running_queries"),
        sum("queries"),
        sum("inserts"),
        sum("failed_queries"),
        sum("counted_us"),
    ],
};

/// Room on the disks of each node at each look. A series is a node and a disk.
pub static DISKS: Stream = Stream {
    name: "disks",
    columns: &[word("host_name"), word("name"), last("free_bytes"), last("total_bytes")],
};
