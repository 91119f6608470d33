-- source: system.replication_queue, ClickHouse 18.16; needs SELECT on it, and SHOW TABLES on the tables
SELECT /* basira */
    hostName() AS host_name,
    q.database AS database_name,
    q.table AS table_name,
    toString(q.type) AS entry_type,
    toInt64(count()) AS entries,
    toInt64(sum(q.is_currently_executing)) AS executing,
    toInt64(toUnixTimestamp(min(q.create_time))) * 1000000 AS oldest_at,
    toInt64(max(q.num_tries)) AS most_tries,
    toInt64(max(q.num_postponed)) AS most_postponed,
    argMax(toString(q.last_exception), (q.last_exception != '', q.num_tries)) AS failed_with,
    argMax(toString(q.postpone_reason), (q.postpone_reason != '', q.num_postponed)) AS postponed_for
FROM system.replication_queue AS q
GROUP BY host_name, database_name, table_name, entry_type
