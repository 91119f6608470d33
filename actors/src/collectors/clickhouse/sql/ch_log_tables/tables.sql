-- source: system.tables, ClickHouse 18.16; needs SELECT on it, and SHOW TABLES on system
SELECT /* basira */
    hostName() AS host_name,
    t.name AS table_name,
    t.engine_full AS engine_full,
    multiIf(position(t.create_table_query, 'event_date') > 0, 'event_date', position(t.create_table_query, 'finish_date') > 0, 'finish_date', '') AS date_column
FROM system.tables AS t
WHERE t.database = 'system' AND match(t.name, '_log(_[0-9]+)??$') AND t.engine LIKE '%MergeTree'
