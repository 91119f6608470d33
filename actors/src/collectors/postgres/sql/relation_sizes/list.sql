-- source: pg_class, PostgreSQL 14; needs nothing
-- the largest first: when time runs out, it is the small ones that wait
SELECT /* basira */
    c.oid::int8 AS oid,
    c.reltoastrelid::int8 AS toast_oid
FROM pg_catalog.pg_class AS c
WHERE c.relkind IN ('r', 'i', 'm') AND c.oid >= 16384 AND c.relpersistence <> 't' AND c.relnamespace <> 99
ORDER BY c.relpages DESC
