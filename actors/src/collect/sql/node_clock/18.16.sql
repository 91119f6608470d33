-- source: functions of the server, ClickHouse 18.16; needs nothing
SELECT /* basira */
    hostName() AS host_name,
    toInt64(toUnixTimestamp(now())) * 1000000 AS at,
    version() AS version,
    toInt64(uptime()) AS uptime_seconds
