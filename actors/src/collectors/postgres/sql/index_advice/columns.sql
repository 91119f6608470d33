-- source: pg_class, pg_attribute, pg_stats, PostgreSQL 14; needs SELECT on the columns to see how many values they have
-- $1: [[schema, table, column], ..]
SELECT /* basira */
    pg_catalog.clock_timestamp()::timestamptz AS at,
    c.oid::int8 AS oid,
    n.nspname::text AS schema_name,
    c.relname::text AS table_name,
    (pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname))::text AS quoted_table,
    c.reltuples::float8 AS tuples,
    c.relpages::int8 AS pages,
    (pg_catalog.pg_stat_get_tuples_inserted(c.oid) + pg_catalog.pg_stat_get_tuples_updated(c.oid))::int8 AS written,
    a.attname::text AS column_name,
    pg_catalog.quote_ident(a.attname)::text AS quoted_column,
    a.attnum::int8 AS number,
    (a.atttypid = 1043)::bool AS is_varchar,
    (a.atttypid <> 16 AND (a.atttypid = 1043 OR t.typtype = 'e' OR EXISTS (
        SELECT FROM pg_catalog.pg_opclass AS o
        WHERE o.opcmethod = 403 AND o.opcdefault AND o.opcintype = a.atttypid
    )))::bool AS indexable,
    s.n_distinct::float8 AS n_distinct,
    s.avg_width::int8 AS width
FROM (
    SELECT e.value ->> 0 AS schema_name, e.value ->> 1 AS table_name, e.value ->> 2 AS column_name
    FROM pg_catalog.json_array_elements($1::text::json) AS e
) AS w
JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema_name
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.table_name
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = w.column_name AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_stats AS s
    ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited
WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relpersistence <> 't' AND c.oid >= 16384
