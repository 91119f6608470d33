-- source: pg_relation_size(), pg_locks, PostgreSQL 14; needs nothing
-- what is locked ACCESS EXCLUSIVE, or about to be, is left out; who comes in between is waited for 50 ms
SELECT /* basira */
    o.oid::int8 AS oid,
    pg_catalog.pg_relation_size(o.oid::pg_catalog.oid)::int8 AS bytes,
    pg_catalog.statement_timestamp()::timestamptz AS at
FROM pg_catalog.unnest($1::int8[]) AS o (oid)
WHERE (SELECT pg_catalog.set_config('lock_timeout', '50', true)) IS NOT NULL
    AND o.oid::pg_catalog.oid <> ALL (ARRAY(
        SELECT l.relation FROM pg_catalog.pg_locks AS l WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
    ))
