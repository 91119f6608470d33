-- source: pg_class, pg_namespace, PostgreSQL 14; needs nothing
SELECT /* basira */
    c.oid::int8 AS oid,
    pg_catalog.hashnameextended(c.relname, pg_catalog.hashnameextended(n.nspname, c.relnamespace::int8))::int8 AS named,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.oid::int8 AS table_oid,
    c.relname::text AS table_name
FROM pg_catalog.unnest($1::int8[]) AS o (oid)
JOIN pg_catalog.pg_class AS c ON c.oid = o.oid::pg_catalog.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
