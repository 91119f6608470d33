-- source: pg_stat_wal, PostgreSQL 18; needs nothing
-- what writing and syncing cost is in pg_stat_io from here on, with object 'wal' and a reset of its own
SELECT /* basira */
    pg_catalog.clock_timestamp()::timestamptz AS at,
    pg_catalog.pg_is_in_recovery()::bool AS in_recovery,
    w.stats_reset::timestamptz AS reset_at,
    NULL::bool AS is_timed,
    w.wal_records::int8 AS wal_records,
    w.wal_fpi::int8 AS wal_fpi,
    w.wal_bytes::int8 AS wal_bytes,
    w.wal_buffers_full::int8 AS wal_buffers_full,
    NULL::int8 AS wal_write,
    NULL::int8 AS wal_sync,
    NULL::float8 AS wal_write_time,
    NULL::float8 AS wal_sync_time
FROM pg_catalog.pg_stat_wal AS w
