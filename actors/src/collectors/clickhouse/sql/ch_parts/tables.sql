-- source: system.tables, ClickHouse 18.16; needs SELECT on it and system.databases, and SHOW TABLES on the tables that are to be seen
-- listing the tables of a foreign database would ask its server
SELECT /* basira */
    hostName() AS host_name,
    t.database AS database_name,
    t.name AS table_name,
    t.engine AS engine_name,
    toInt64(t.total_rows) AS row_count,
    toInt64(t.total_bytes) AS byte_count,
    toInt64(toUnixTimestamp(t.metadata_modification_time)) * 1000000 AS changed_at
FROM system.tables AS t
WHERE t.database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
    AND t.database IN (SELECT name FROM system.databases WHERE engine NOT IN ('MySQL', 'PostgreSQL', 'SQLite', 'DataLakeCatalog'))
