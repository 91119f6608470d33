-- source: pg_class, pg_namespace and pg_stat_get_*() as in pg_stat_user_tables, PostgreSQL 14; needs nothing
-- the functions behind the view, without its joins; the mark in the last row is read after the counters
-- names are asked for apart: `named` says when one is new
SELECT /* basira */
    c.oid::int8 AS oid,
    pg_catalog.hashnameextended(c.relname, pg_catalog.hashnameextended(n.nspname, c.relnamespace::int8))::int8 AS named,
    pg_catalog.pg_stat_get_numscans(c.oid)::int8 AS seq_scan,
    pg_catalog.pg_stat_get_tuples_returned(c.oid)::int8 AS seq_tup_read,
    pg_catalog.pg_stat_get_tuples_inserted(c.oid)::int8 AS n_tup_ins,
    pg_catalog.pg_stat_get_tuples_updated(c.oid)::int8 AS n_tup_upd,
    pg_catalog.pg_stat_get_tuples_deleted(c.oid)::int8 AS n_tup_del,
    pg_catalog.pg_stat_get_tuples_hot_updated(c.oid)::int8 AS n_tup_hot_upd,
    pg_catalog.pg_stat_get_blocks_fetched(c.oid)::int8 AS blks_fetched,
    pg_catalog.pg_stat_get_blocks_hit(c.oid)::int8 AS blks_hit,
    pg_catalog.pg_stat_get_live_tuples(c.oid)::int8 AS n_live_tup,
    pg_catalog.pg_stat_get_dead_tuples(c.oid)::int8 AS n_dead_tup,
    pg_catalog.pg_stat_get_mod_since_analyze(c.oid)::int8 AS n_mod_since_analyze,
    pg_catalog.pg_stat_get_last_vacuum_time(c.oid)::timestamptz AS last_vacuum,
    pg_catalog.pg_stat_get_last_autovacuum_time(c.oid)::timestamptz AS last_autovacuum,
    pg_catalog.pg_stat_get_last_analyze_time(c.oid)::timestamptz AS last_analyze,
    pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid)::timestamptz AS last_autoanalyze,
    c.relpages::int8 AS pages,
    c.reltuples::int8 AS tuples,
    NULL::timestamptz AS at,
    NULL::timestamptz AS reset_at,
    NULL::bool AS in_recovery,
    NULL::int8 AS commits
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384 AND c.relpersistence <> 't'
UNION ALL
SELECT
    NULL::int8 AS oid,
    NULL::int8 AS named,
    NULL::int8 AS seq_scan,
    NULL::int8 AS seq_tup_read,
    NULL::int8 AS n_tup_ins,
    NULL::int8 AS n_tup_upd,
    NULL::int8 AS n_tup_del,
    NULL::int8 AS n_tup_hot_upd,
    NULL::int8 AS blks_fetched,
    NULL::int8 AS blks_hit,
    NULL::int8 AS n_live_tup,
    NULL::int8 AS n_dead_tup,
    NULL::int8 AS n_mod_since_analyze,
    NULL::timestamptz AS last_vacuum,
    NULL::timestamptz AS last_autovacuum,
    NULL::timestamptz AS last_analyze,
    NULL::timestamptz AS last_autoanalyze,
    NULL::int8 AS pages,
    NULL::int8 AS tuples,
    pg_catalog.clock_timestamp()::timestamptz AS at,
    pg_catalog.pg_stat_get_db_stat_reset_time(d.oid)::timestamptz AS reset_at,
    pg_catalog.pg_is_in_recovery()::bool AS in_recovery,
    pg_catalog.pg_stat_get_db_xact_commit(d.oid)::int8 AS commits
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
