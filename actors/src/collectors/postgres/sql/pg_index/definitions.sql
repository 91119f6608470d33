-- source: pg_get_indexdef(), pg_locks, PostgreSQL 14; needs nothing
-- what is locked ACCESS EXCLUSIVE, or about to be, is left out; who comes in between is waited for 50 ms
SELECT /* basira */
    i.indexrelid::int8 AS oid,
    pg_catalog.pg_get_indexdef(i.indexrelid)::text AS definition
FROM pg_catalog.unnest($1::int8[]) AS o (oid)
JOIN pg_catalog.pg_index AS i ON i.indexrelid = o.oid::pg_catalog.oid
CROSS JOIN LATERAL (SELECT ARRAY(
    SELECT l.relation FROM pg_catalog.pg_locks AS l WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
) AS relations) AS locked
WHERE (SELECT pg_catalog.set_config('lock_timeout', '50', true)) IS NOT NULL
    AND i.indexrelid <> ALL (locked.relations)
    AND i.indrelid <> ALL (locked.relations)
