-- source: system.asynchronous_metrics, ClickHouse 18.16; needs SELECT on it
SELECT /* basira */
    hostName() AS host_name,
    toInt64(a.value) AS resident_bytes
FROM system.asynchronous_metrics AS a
WHERE a.metric = 'MemoryResident'
