-- source: system.replicas, ClickHouse 18.16; needs SELECT on it, and SHOW TABLES on the tables
-- without log_max_index, log_pointer, total_replicas and active_replicas: each costs a question to Keeper per table
SELECT /* basira */
    hostName() AS host_name,
    r.database AS database_name,
    r.table AS table_name,
    r.replica_name AS replica_name,
    toInt64(r.is_leader) AS is_leader,
    toInt64(r.is_readonly) AS is_readonly,
    toInt64(r.is_session_expired) AS is_session_expired,
    toInt64(r.absolute_delay) AS absolute_delay,
    toInt64(r.queue_size) AS queue_size,
    toInt64(r.inserts_in_queue) AS inserts_in_queue,
    toInt64(r.merges_in_queue) AS merges_in_queue,
    toInt64(r.part_mutations_in_queue) AS part_mutations_in_queue,
    toInt64(toUnixTimestamp(r.queue_oldest_time)) * 1000000 AS queue_oldest_time,
    toInt64(r.future_parts) AS future_parts,
    toInt64(r.parts_to_check) AS parts_to_check,
    toInt64(r.lost_part_count) AS lost_part_count,
    toString(r.last_queue_update_exception) AS last_queue_update_exception,
    toString(r.zookeeper_exception) AS keeper_exception,
    toInt64(toUnixTimestamp(r.readonly_start_time)) * 1000000 AS readonly_since
FROM system.replicas AS r
