-- source: system.one of every node of the cluster, ClickHouse 20.1; needs REMOTE
-- each replica counts as a shard here, in the order of system.clusters
SELECT /* basira */
    toInt64(_shard_num) AS place,
    version() AS version,
    toInt64(uptime()) AS uptime_seconds
FROM system.one AS o
ORDER BY place
