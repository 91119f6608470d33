-- source: functions of the server, ClickHouse 20.10; needs nothing
SELECT /* basira */
    hostName() AS host_name,
    toUnixTimestamp64Micro(now64(6)) AS at,
    version() AS version,
    toInt64(uptime()) AS uptime_seconds
