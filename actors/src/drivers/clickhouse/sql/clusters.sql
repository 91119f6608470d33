-- source: system.clusters, ClickHouse 18.16; needs SELECT on it
SELECT /* basira */
    c.cluster AS cluster_name,
    toInt64(count() > uniqExact(c.host_address)) AS shares_hosts
FROM system.clusters AS c
GROUP BY c.cluster
ORDER BY c.cluster
