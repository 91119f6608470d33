-- source: system.processes, ClickHouse 18.16; needs SELECT on it
-- these versions do not tell what a running query spends its time on; this query itself brings the clock
SELECT /* basira */
    hostName() AS host_name,
    p.query_id AS query_id,
    substring(p.initial_query_id, 1, 7) = 'basira-' AS is_own,
    toInt64(toUnixTimestamp(now())) * 1000000 AS at,
    toInt64(p.elapsed * 1000000) AS elapsed_us,
    NULL AS cpu_us,
    NULL AS cpu_wait_us,
    NULL AS disk_us,
    NULL AS network_us,
    NULL AS lock_us
FROM system.processes AS p
WHERE p.is_initial_query = 1
