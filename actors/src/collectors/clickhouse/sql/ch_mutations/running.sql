-- source: system.merges, ClickHouse 19.4; needs SELECT on it, and SHOW TABLES on the tables that are to be seen
SELECT /* basira */
    hostName() AS host_name,
    m.database AS database_name,
    m.table AS table_name
FROM system.merges AS m
WHERE m.is_mutation = 1
