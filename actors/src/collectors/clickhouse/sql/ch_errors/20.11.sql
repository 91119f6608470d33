-- source: system.errors, ClickHouse 20.11; needs SELECT on it
-- the message of an error may hold a literal of a query; what it is made from does not
SELECT /* basira */
    hostName() AS host_name,
    toInt64(uptime()) AS uptime_seconds,
    toInt64(e.code) AS error_code,
    e.name AS error_name,
    toInt64(e.remote) AS is_remote,
    toInt64(e.value) AS amount,
    toInt64(toUnixTimestamp(e.last_error_time)) * 1000000 AS last_error_at,
    e.last_error_format_string AS message
FROM system.errors AS e
WHERE e.value > 0
