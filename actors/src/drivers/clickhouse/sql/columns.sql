-- source: system.columns, ClickHouse 18.16; needs SELECT on the tables of system; the columns of other tables are not known
SELECT /* basira */
    c.table AS table_name,
    c.name AS column_name
FROM system.columns AS c
WHERE c.database = 'system'
