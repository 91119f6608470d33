-- source: pg_control_system, pg_postmaster_start_time and the stats_reset of views, PostgreSQL 17; needs nothing
-- the checkpoint record still has the old timeline for a while after a promotion, the name of a WAL file the new one
SELECT /* basira */
    pg_catalog.clock_timestamp() AS at,
    (SELECT c.system_identifier FROM pg_catalog.pg_control_system() AS c)::text AS system_identifier,
    pg_catalog.current_setting('server_version')::text AS version,
    pg_catalog.pg_postmaster_start_time()::timestamptz AS started_at,
    pg_catalog.pg_is_in_recovery()::bool AS in_recovery,
    CASE
        WHEN pg_catalog.pg_is_in_recovery()
            THEN (SELECT c.timeline_id FROM pg_catalog.pg_control_checkpoint() AS c)
        ELSE ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::int4
    END::int8 AS timeline,
    (SELECT b.stats_reset FROM pg_catalog.pg_stat_bgwriter AS b)::timestamptz AS bgwriter_reset_at,
    (SELECT c.stats_reset FROM pg_catalog.pg_stat_checkpointer AS c)::timestamptz AS checkpointer_reset_at,
    (SELECT w.stats_reset FROM pg_catalog.pg_stat_wal AS w)::timestamptz AS wal_reset_at,
    (SELECT pg_catalog.max(i.stats_reset) FROM pg_catalog.pg_stat_io AS i)::timestamptz AS io_reset_at,
    (SELECT a.stats_reset FROM pg_catalog.pg_stat_archiver AS a)::timestamptz AS archiver_reset_at,
    (pg_catalog.current_setting('pg_stat_statements.max', true) IS NOT NULL)::bool AS statements_loaded
