//! Streams of ClickHouse.

use crate::model::common::{Column, ColumnKind, NULL, Stream};

streams! {
    /// Free and total space of the disks of each node at each sample. A series is a node and a disk.
    DISKS, DisksRow = "disks" {
        host_name: Text,
        name: Text,
        free_bytes: Last,
        total_bytes: Last,
    }

    /// How often each error occurred between two samples, where any did. A series is (node, code, name, remote).
    ERRORS, ErrorsRow = "errors" {
        host_name: Text,
        code: Last,
        name: Text,
        is_remote: Last,
        count: Sum,
        last_error_at_ms: Last,
        message: Text,
    }

    /// The size of each system log table at each sample. A series is a node and a table.
    LOG_TABLES, LogTablesRow = "log_tables" {
        host_name: Text,
        name: Text,
        rows: Last,
        bytes: Last,
        parts: Last,
        has_ttl: Last,
    }

    /// The size of each table on change, and once an hour. `active_parts` and `max_parts_in_partition` are known only of
    /// tables that have parts. A series is (host, database, table).
    PARTS, PartsRow = "parts" {
        rows: Last,
        bytes_on_disk: Last,
        active_parts: Last,
        max_parts_in_partition: Last,
        database_name: Text,
        table_name: Text,
        host_name: Text,
    }

    /// The cost of each query between two samples. A series is (host, user, database, hash, kind), a group one fingerprint.
    QUERIES, QueriesRow = "queries" {
        calls: Sum,
        total_time_us: Sum,
        /// Rows of the result.
        rows: Sum,
        result_bytes: Sum,
        read_rows: Sum,
        read_bytes: Sum,
        written_rows: Sum,
        written_bytes: Sum,
        /// The sum of the peak memory of each call: divided by `calls` it is the mean.
        memory_bytes: Sum,
        cpu_time_us: Sum,
        exceptions: Sum,
        max_time_us: Last,
        peak_memory_bytes: Last,
        kind: Text,
    }

    /// The number of calls by duration: see `analysis::durations`. A series, and a group, is a fingerprint
    /// with a bucket in its last bits.
    QUERY_DURATIONS, QueryDurationsRow = "query_durations" {
        calls: Sum,
    }

    /// The errors that calls ended with. A series is a fingerprint with a code.
    QUERY_EXCEPTIONS, QueryExceptionsRow = "query_exceptions" {
        calls: Sum,
        code: Last,
        query_text: Text,
    }

    /// Memory, connections and queries of each node at each sample. A series is a node. `counted_us` is the time that the
    /// sums cover.
    SERVER_METRICS, ServerMetricsRow = "server_metrics" {
        host_name: Text,
        resident_bytes: Last,
        tracked_bytes: Last,
        limit_bytes: Last,
        tcp_connections: Last,
        http_connections: Last,
        mysql_connections: Last,
        postgres_connections: Last,
        interserver_connections: Last,
        running_queries: Last,
        queries: Sum,
        inserts: Sum,
        failed_queries: Sum,
        counted_us: Sum,
    }
}
