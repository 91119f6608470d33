-- source: system.processes, ClickHouse 18.16; needs SELECT on it
-- what runs on one node for a query that another began is counted there; this query itself is a row too, and brings the clock
SELECT /* basira */
    hostName() AS host_name,
    p.query_id AS query_id,
    substring(p.initial_query_id, 1, 7) = 'basira-' AS is_own,
    toInt64(toUnixTimestamp(now())) * 1000000 AS at,
    toInt64(p.elapsed * 1000) AS elapsed_ms,
    p.user AS user_name,
    p.current_database AS database_name,
    p.client_name AS client_name,
    p.http_user_agent AS http_user_agent,
    replaceOne(toString(p.address), '::ffff:', '') AS client_addr,
    toInt64(p.is_cancelled) AS is_cancelled,
    toInt64(p.memory_usage) AS memory_usage,
    toInt64(p.peak_memory_usage) AS peak_memory_usage,
    toInt64(p.read_rows) AS read_rows,
    toInt64(p.read_bytes) AS read_bytes,
    toInt64(p.written_rows) AS written_rows,
    toInt64(p.written_bytes) AS written_bytes,
    toInt64(p.total_rows_approx) AS total_rows_approx,
    substring(p.query, 1, 100000) AS query
FROM system.processes AS p
WHERE p.is_initial_query = 1
