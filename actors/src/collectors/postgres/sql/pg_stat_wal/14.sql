-- source: pg_stat_wal, PostgreSQL 14; needs nothing
-- the times stand still while track_wal_io_timing is off: not measured, not 0
SELECT /* basira */
    pg_catalog.clock_timestamp()::timestamptz AS at,
    pg_catalog.pg_is_in_recovery()::bool AS in_recovery,
    w.stats_reset::timestamptz AS reset_at,
    pg_catalog.current_setting('track_wal_io_timing')::bool AS is_timed,
    w.wal_records::int8 AS wal_records,
    w.wal_fpi::int8 AS wal_fpi,
    w.wal_bytes::int8 AS wal_bytes,
    w.wal_buffers_full::int8 AS wal_buffers_full,
    w.wal_write::int8 AS wal_write,
    w.wal_sync::int8 AS wal_sync,
    CASE WHEN pg_catalog.current_setting('track_wal_io_timing')::bool THEN w.wal_write_time END::float8 AS wal_write_time,
    CASE WHEN pg_catalog.current_setting('track_wal_io_timing')::bool THEN w.wal_sync_time END::float8 AS wal_sync_time
FROM pg_catalog.pg_stat_wal AS w
