-- source: system.metrics and system.events, ClickHouse 18.16; needs SELECT on them
SELECT /* basira */
    hostName() AS host_name,
    version() AS version,
    toInt64(uptime()) AS uptime_seconds,
    'metric' AS kind,
    m.metric AS name,
    toInt64(m.value) AS amount
FROM system.metrics AS m
WHERE m.metric LIKE 'Background%Pool%' OR m.metric IN (
    'Query', 'MemoryTracking',
    'TCPConnection', 'HTTPConnection', 'MySQLConnection', 'PostgreSQLConnection', 'InterserverConnection'
)
UNION ALL
SELECT
    hostName() AS host_name,
    version() AS version,
    toInt64(uptime()) AS uptime_seconds,
    'event' AS kind,
    e.event AS name,
    toInt64(e.value) AS amount
FROM system.events AS e
WHERE e.event IN ('Query', 'InsertQuery', 'FailedQuery')
