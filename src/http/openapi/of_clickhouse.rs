//! The inside of ClickHouse.

use super::endpoint::{Endpoint, get};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/databases/{id}/cluster", "The nodes of the cluster, and which of them answer").list(""),
        get("/api/v1/databases/{id}/errors", "Which errors the server met, most first").window().limit(100, 500).list(""),
        get("/api/v1/databases/{id}/log-tables", "The tables in which the server logs, largest first")
            .list("bytes_on_disk:integer?"),
        get("/api/v1/databases/{id}/merges", "The merges that run now, the longest first").limit(100, 500).list(
            "database table elapsed_ms:integer? progress_pct:number? num_parts:integer? \
             total_size_bytes_compressed:integer? bytes_read_uncompressed:integer? rows_read:integer? rows_written:integer? \
             memory_usage:integer? is_mutation:boolean? merge_type? result_part_name?",
        ),
        get("/api/v1/databases/{id}/mutations", "The mutations that are not done, the oldest first").limit(100, 500).list(
            "database table mutation_id command create_time:time? parts_to_do:integer? is_done:boolean? is_killed:boolean? \
             latest_failed_part? latest_fail_time:time? latest_fail_reason? stuck:boolean?",
        ),
        get("/api/v1/databases/{id}/parts", "The tables that have parts, those nearest to refusing inserts first")
            .limit(50, 500)
            .database()
            .list(
                "database table engine partitions:integer? active_parts:integer? rows:integer? bytes_on_disk:integer? \
                 bytes_compressed:integer? bytes_uncompressed:integer? compression_ratio:number? \
                 max_parts_in_partition:integer? parts_to_delay_insert:integer? parts_to_throw_insert:integer?",
            ),
        get("/api/v1/databases/{id}/server-metrics", "How the server fares as a whole").object(
            "ts:time? version? uptime_seconds:integer? memory:object? disks:objects? connections:object? queries:object? \
             background_pools:objects? unavailable?",
        ),
        get("/api/v1/databases/{id}/server-metrics/timeseries", "How the server fared as a whole").buckets().list("ts:time"),
    ]
}
