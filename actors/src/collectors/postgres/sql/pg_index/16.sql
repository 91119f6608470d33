-- source: pg_index, pg_class, pg_constraint, PostgreSQL 16; needs nothing
SELECT /* basira */
    c.oid::int8 AS oid,
    i.indrelid::int8 AS table_oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    t.relname::text AS table_name,
    (c.xmin::text || ' ' || i.xmin::text || ' ' || t.xmin::text)::text AS stamp,
    i.indisunique::bool AS is_unique,
    i.indisprimary::bool AS is_primary,
    i.indisvalid::bool AS is_valid,
    i.indisready::bool AS is_ready,
    i.indisexclusion::bool AS is_exclusion,
    (k.conindid IS NOT NULL)::bool AS constraint_backed,
    (i.indpred IS NOT NULL)::bool AS has_predicate,
    (i.indexprs IS NOT NULL)::bool AS has_expressions,
    c.relispartition::bool AS is_attached,
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
    SELECT DISTINCT o.conindid FROM pg_catalog.pg_constraint AS o WHERE o.contype IN ('p', 'u', 'x')
) AS k ON k.conindid = c.oid
WHERE c.relkind = 'i' AND c.oid >= 16384 AND c.relpersistence <> 't' AND c.relnamespace <> 99
