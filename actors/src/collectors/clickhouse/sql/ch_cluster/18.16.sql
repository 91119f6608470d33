-- source: system.clusters, ClickHouse 18.16; needs SELECT on it
-- each node of the cluster tells the same, so only the one that is connected to is asked
SELECT /* basira */
    toInt64(toUnixTimestamp(now())) * 1000000 AS at,
    toInt64(c.shard_num) AS shard_num,
    toInt64(c.replica_num) AS replica_num,
    c.host_name AS host_name,
    toInt64(c.port) AS port
FROM system.clusters AS c
WHERE c.cluster = ?
ORDER BY shard_num, replica_num
