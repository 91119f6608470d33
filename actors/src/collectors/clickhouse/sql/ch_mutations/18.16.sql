-- source: system.mutations, ClickHouse 18.16; needs SELECT on it, and SHOW TABLES on the tables that are to be seen
SELECT /* basira */
    hostName() AS host_name,
    m.database AS database_name,
    m.table AS table_name,
    m.mutation_id AS mutation_id,
    substring(m.command, 1, 20000) AS command_text,
    toInt64(toUnixTimestamp(m.create_time)) * 1000000 AS created_at,
    toInt64(now() - m.create_time) AS age_seconds,
    toInt64(m.parts_to_do) AS parts_left,
    toInt64(m.is_done) AS done,
    toInt64(m.is_killed) AS killed,
    m.latest_failed_part AS failed_part,
    toInt64(toUnixTimestamp(m.latest_fail_time)) * 1000000 AS failed_at,
    substring(m.latest_fail_reason, 1, 4000) AS fail_reason,
    extract(m.latest_fail_reason, '\\(([A-Z][A-Z0-9_]*)\\) \\(version ') AS fail_code_name
FROM system.mutations AS m
WHERE m.is_done = 0 OR m.create_time > now() - 86400
ORDER BY m.is_done, if(m.is_done = 1, -1, 1) * toInt64(toUnixTimestamp(m.create_time))
LIMIT 2000
