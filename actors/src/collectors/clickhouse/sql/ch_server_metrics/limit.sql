-- source: system.server_settings, ClickHouse 23.3; needs SELECT on it
SELECT /* basira */
    hostName() AS host_name,
    toInt64OrZero(s.value) AS limit_bytes
FROM system.server_settings AS s
WHERE s.name = 'max_server_memory_usage'
