-- source: system.query_log, ClickHouse 21.3; needs SELECT on it
-- the last row brings the clock; the others: how far each node has written its log: rows come in the order of their times, some seconds late
SELECT /* basira */
    hostName() AS host_name,
    toUnixTimestamp64Micro(now64(6)) AS at,
    toUnixTimestamp64Micro(max(q.event_time_microseconds)) AS newest
FROM system.query_log AS q
WHERE q.event_date >= toDate(now() - 900) - 1
  AND q.event_time >= now() - 900
GROUP BY host_name
UNION ALL
SELECT '' AS host_name, toUnixTimestamp64Micro(now64(6)) AS at, toInt64(0) AS newest
