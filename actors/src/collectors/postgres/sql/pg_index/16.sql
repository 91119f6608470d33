-- source: pg_index, pg_class, pg_constraint, pg_attribute, pg_inherits, PostgreSQL 16; needs nothing
SELECT /* basira */
    c.oid::int8 AS oid,
    i.indrelid::int8 AS table_oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    t.relname::text AS table_name,
    (c.xmin::text || ' ' || i.xmin::text || ' ' || t.xmin::text || ' ' || n.xmin::text)::text AS stamp,
    i.indisunique::bool AS is_unique,
    i.indisprimary::bool AS is_primary,
    i.indisvalid::bool AS is_valid,
    i.indisready::bool AS is_ready,
    i.indisexclusion::bool AS is_exclusion,
    (i.indisreplident OR i.indisclustered OR f.conindid IS NOT NULL)::bool AS is_referenced,
    i.indimmediate::bool AS is_immediate,
    (k.conindid IS NOT NULL)::bool AS constraint_backed,
    (i.indpred IS NOT NULL)::bool AS has_predicate,
    (i.indexprs IS NOT NULL)::bool AS has_expressions,
    c.relispartition::bool AS is_attached,
    (c.relkind = 'I')::bool AS is_partitioned,
    h.inhparent::int8 AS parent_oid,
    pg_catalog.concat_ws(' ', c.reloptions::text, k.operators, p.options)::text AS parameters,
    c.relam::int8 AS method,
    i.indkey::text AS columns,
    i.indclass::text AS classes,
    i.indcollation::text AS collations,
    i.indoption::text AS options,
    pg_catalog.pg_stat_get_lastscan(c.oid)::timestamptz AS last_idx_scan,
    pg_catalog.clock_timestamp()::timestamptz AS at
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN (
    SELECT o.conindid, pg_catalog.max(o.conexclop::text) AS operators
    FROM pg_catalog.pg_constraint AS o
    WHERE o.contype IN ('p', 'u', 'x')
    GROUP BY o.conindid
) AS k ON k.conindid = c.oid
LEFT JOIN (
    SELECT DISTINCT o.conindid FROM pg_catalog.pg_constraint AS o WHERE o.contype = 'f'
) AS f ON f.conindid = c.oid
LEFT JOIN (
    SELECT a.attrelid, pg_catalog.string_agg(a.attnum || a.attoptions::text, ' ' ORDER BY a.attnum) AS options
    FROM pg_catalog.pg_attribute AS a
    WHERE a.attoptions IS NOT NULL
    GROUP BY a.attrelid
) AS p ON p.attrelid = c.oid
LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = c.oid AND c.relispartition
WHERE c.relkind IN ('i', 'I') AND c.oid >= 16384 AND c.relpersistence <> 't' AND c.relnamespace <> 99
