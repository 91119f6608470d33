-- source: system.query_log, ClickHouse 18.16; needs SELECT on it
-- the last row brings the clock; the others: how far each node has written its log: rows come in the order of their times, some seconds late
SELECT /* basira */
    hostName() AS host_name,
    toInt64(toUnixTimestamp(now())) * 1000000 AS at,
    toInt64(toUnixTimestamp(max(q.event_time))) * 1000000 AS newest
FROM system.query_log AS q
WHERE q.event_date >= toDate(now() - 120) - 1
  AND q.event_time >= now() - 120
GROUP BY host_name
UNION ALL
SELECT '' AS host_name, toInt64(toUnixTimestamp(now())) * 1000000 AS at, toInt64(0) AS newest
