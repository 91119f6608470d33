//! The inside of ClickHouse.

use super::endpoint::{Endpoint, get};
use super::fields::{Named, named};

const HOST: &str = "ts:time? host_name? version? uptime_seconds:integer? memory:HostMemory disks:Disk[] \
    connections:HostConnections queries:HostQueries background_pools:BackgroundPool[]";
const ROOM: &str = "free_bytes:integer? total_bytes:integer? used_pct:number?";

pub(super) fn schemas() -> Vec<Named> {
    let mut schemas = vec![
        named(
            "ClusterNode",
            "shard_num:integer replica_num:integer host_name port:integer answered:boolean version? uptime_seconds:integer? \
             ts:time",
        ),
        named("ErrorCount", "code:integer name? remote:boolean count:integer last_error_at:time? message?"),
        named(
            "LogTable",
            "host_name name left_over_of? rows:integer bytes_on_disk:integer parts:integer oldest_day? newest_day? \
             has_ttl:boolean? ttl? growth_bytes_per_day:integer? bytes_per_day:integer? remark? fix?",
        ),
        named(
            "Merge",
            "host_name? database table elapsed_ms:integer? progress_pct:number? num_parts:integer? \
             total_size_bytes_compressed:integer? bytes_read_uncompressed:integer? rows_read:integer? rows_written:integer? \
             memory_usage:integer? is_mutation:boolean? merge_type? result_part_name?",
        ),
        named(
            "Mutation",
            "host_name? database table mutation_id command create_time:time? parts_to_do:integer? is_done:boolean \
             is_killed:boolean? latest_failed_part? latest_fail_time:time? latest_fail_reason? \
             latest_fail_error_code_name? stuck:boolean",
        ),
        named(
            "Part",
            "host_name database table engine partitions:integer active_parts:integer rows:integer? bytes_on_disk:integer? \
             bytes_compressed:integer bytes_uncompressed:integer compression_ratio:number? max_parts_in_partition:integer \
             fullest_partition? parts_to_delay_insert:integer? parts_to_throw_insert:integer? detached_parts:integer? \
             last_modification:time? ts:time",
        ),
        named(
            "Replica",
            "database table host_name replica_name? is_leader:boolean? is_readonly:boolean? readonly_since:time? \
             is_session_expired:boolean? absolute_delay_seconds:integer? queue_size:integer? inserts_in_queue:integer? \
             merges_in_queue:integer? part_mutations_in_queue:integer? queue_oldest_time:time? future_parts:integer? \
             parts_to_check:integer? lost_part_count:integer? last_queue_update_exception? keeper_exception? \
             queue:QueueEntries[]",
        ),
        named(
            "QueueEntries",
            "type entries:integer executing:integer? oldest_at:time? most_tries:integer? most_postponed:integer? \
             last_exception? postpone_reason?",
        ),
    ];
    schemas.extend(server_metrics());
    schemas
}

fn server_metrics() -> Vec<Named> {
    vec![
        named("ServerMetrics", &format!("{HOST} hosts:HostMetrics[] unavailable?")),
        named("HostMetrics", HOST),
        named("HostMemory", "resident_bytes:integer? tracked_bytes:integer? limit_bytes:integer?"),
        named(
            "HostConnections",
            "tcp:integer? http:integer? mysql:integer? postgres:integer? interserver:integer?",
        ),
        named(
            "HostQueries",
            "running:integer? per_second:number? inserts_per_second:number? failed_per_second:number?",
        ),
        named("BackgroundPool", "name active:integer? size:integer?"),
        named("Disk", &format!("name path? type? {ROOM}")),
        named(
            "HostPoint",
            "ts:time host_name? memory:HostMemory connections:HostConnections queries:HostQueries disks:DiskPoint[]",
        ),
        named("DiskPoint", &format!("name? {ROOM}")),
    ]
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/databases/{id}/cluster", "The nodes of the cluster, and which of them answer")
            .list("ClusterNode"),
        get("/api/v1/databases/{id}/errors", "Which errors the server met, most first")
            .window()
            .limit(100, 500)
            .list("ErrorCount"),
        get("/api/v1/databases/{id}/log-tables", "The tables in which the server logs, largest first")
            .list("LogTable"),
        get("/api/v1/databases/{id}/merges", "The merges that run now, the longest first")
            .limit(100, 500)
            .list("Merge"),
        get("/api/v1/databases/{id}/mutations", "The mutations that are not done, the oldest first")
            .limit(100, 500)
            .list("Mutation"),
        get(
            "/api/v1/databases/{id}/parts",
            "The tables that have parts, those nearest to refusing inserts first",
        )
        .limit(50, 500)
        .database()
        .list("Part"),
        get("/api/v1/databases/{id}/server-metrics", "How the server fares as a whole")
            .object("ServerMetrics"),
        get("/api/v1/databases/{id}/server-metrics/timeseries", "How the server fared as a whole")
            .buckets()
            .list("HostPoint"),
    ]
}
