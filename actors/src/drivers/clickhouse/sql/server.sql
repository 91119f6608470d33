-- source: functions of the server, ClickHouse 18.16; needs nothing
SELECT /* basira */
    version() AS version,
    hostName() AS host_name,
    toInt64(toUnixTimestamp(now())) * 1000000 AS at,
    toInt64(uptime()) AS uptime_seconds
