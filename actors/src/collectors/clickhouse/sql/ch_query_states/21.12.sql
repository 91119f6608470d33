-- source: system.processes, ClickHouse 21.12; needs SELECT on it
-- a counter that stands still is not in the map and reads as 0; this query itself is a row too, and brings the clock
SELECT /* basira */
    hostName() AS host_name,
    p.query_id AS query_id,
    substring(p.initial_query_id, 1, 7) = 'basira-' AS is_own,
    toUnixTimestamp64Micro(now64(6)) AS at,
    toInt64(p.elapsed * 1000000) AS elapsed_us,
    toInt64(p.ProfileEvents['OSCPUVirtualTimeMicroseconds']) AS cpu_us,
    toInt64(p.ProfileEvents['OSCPUWaitMicroseconds']) AS cpu_wait_us,
    toInt64(greatest(p.ProfileEvents['OSIOWaitMicroseconds'], p.ProfileEvents['DiskReadElapsedMicroseconds'] + p.ProfileEvents['DiskWriteElapsedMicroseconds'])) AS disk_us,
    toInt64(p.ProfileEvents['NetworkReceiveElapsedMicroseconds'] + p.ProfileEvents['NetworkSendElapsedMicroseconds']) AS network_us,
    toInt64((p.ProfileEvents['RWLockReadersWaitMilliseconds'] + p.ProfileEvents['RWLockWritersWaitMilliseconds']) * 1000 + p.ProfileEvents['ContextLockWaitMicroseconds']) AS lock_us
FROM system.processes AS p
WHERE p.is_initial_query = 1
