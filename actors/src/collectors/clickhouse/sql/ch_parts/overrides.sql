-- source: system.tables, ClickHouse 18.16; needs SELECT on it, and SHOW TABLES on the tables that are to be seen
SELECT /* basira */
    hostName() AS host_name,
    t.database AS database_name,
    t.name AS table_name,
    t.engine_full AS definition
FROM system.tables AS t
WHERE t.database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
    AND t.engine LIKE '%MergeTree'
    AND t.engine_full LIKE '%parts_to_%'
