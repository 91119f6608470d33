-- source: system.detached_parts, ClickHouse 18.16; needs SELECT on it, and SHOW TABLES on the tables that are to be seen
SELECT /* basira */
    hostName() AS host_name,
    d.database AS database_name,
    d.table AS table_name,
    toInt64(count()) AS detached_parts
FROM system.detached_parts AS d
WHERE d.database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
GROUP BY host_name, database_name, table_name
