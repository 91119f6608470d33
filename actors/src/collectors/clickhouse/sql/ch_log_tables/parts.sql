-- source: system.parts, ClickHouse 18.16; needs SELECT on it, and SHOW TABLES on system
SELECT /* basira */
    hostName() AS host_name,
    p.table AS table_name,
    toInt64(sum(p.rows)) AS row_count,
    toInt64(sum(p.bytes_on_disk)) AS bytes_on_disk,
    toInt64(count()) AS part_count,
    toString(min(p.min_date)) AS oldest_day,
    toString(max(p.max_date)) AS newest_day,
    toInt64(max(p.max_date) - min(p.min_date)) + 1 AS days
FROM system.parts AS p
WHERE p.active AND p.database = 'system' AND match(p.table, '_log(_[0-9]+)??$')
GROUP BY host_name, p.table
