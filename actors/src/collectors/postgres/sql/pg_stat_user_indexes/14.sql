-- source: pg_class, pg_namespace and pg_stat_get_*() as in pg_stat_user_indexes, PostgreSQL 14; needs nothing
-- the functions behind the view, without its joins; the mark in the last row is read after the counters
-- names are asked for apart: `named` says when one is new
SELECT /* basira */
    c.oid::int8 AS oid,
    pg_catalog.hashnameextended(c.relname, pg_catalog.hashnameextended(n.nspname, c.relnamespace::int8))::int8 AS named,
    pg_catalog.pg_stat_get_numscans(c.oid)::int8 AS idx_scan,
    pg_catalog.pg_stat_get_tuples_returned(c.oid)::int8 AS idx_tup_read,
    pg_catalog.pg_stat_get_tuples_fetched(c.oid)::int8 AS idx_tup_fetch,
    pg_catalog.pg_stat_get_blocks_fetched(c.oid)::int8 AS blks_fetched,
    pg_catalog.pg_stat_get_blocks_hit(c.oid)::int8 AS blks_hit,
    c.relpages::int8 AS pages,
    NULL::timestamptz AS at,
    NULL::timestamptz AS reset_at,
    NULL::bool AS in_recovery,
    NULL::int8 AS commits
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'i' AND c.oid >= 16384 AND c.relpersistence <> 't'
    AND c.relnamespace <> 99
UNION ALL
SELECT
    NULL::int8 AS oid,
    NULL::int8 AS named,
    NULL::int8 AS idx_scan,
    NULL::int8 AS idx_tup_read,
    NULL::int8 AS idx_tup_fetch,
    NULL::int8 AS blks_fetched,
    NULL::int8 AS blks_hit,
    NULL::int8 AS pages,
    pg_catalog.clock_timestamp()::timestamptz AS at,
    pg_catalog.pg_stat_get_db_stat_reset_time(d.oid)::timestamptz AS reset_at,
    pg_catalog.pg_is_in_recovery()::bool AS in_recovery,
    pg_catalog.pg_stat_get_db_xact_commit(d.oid)::int8 AS commits
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
