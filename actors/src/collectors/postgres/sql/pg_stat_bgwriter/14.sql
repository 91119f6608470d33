-- source: pg_stat_bgwriter, PostgreSQL 14; needs nothing
SELECT /* basira */
    'pg_stat_bgwriter'::text AS view_name,
    pg_catalog.clock_timestamp()::timestamptz AS at,
    pg_catalog.pg_is_in_recovery()::bool AS in_recovery,
    b.stats_reset::timestamptz AS reset_at,
    b.checkpoints_timed::int8 AS checkpoints_timed,
    b.checkpoints_req::int8 AS checkpoints_req,
    b.checkpoint_write_time::float8 AS checkpoint_write_time,
    b.checkpoint_sync_time::float8 AS checkpoint_sync_time,
    b.buffers_checkpoint::int8 AS buffers_checkpoint,
    b.buffers_clean::int8 AS buffers_clean,
    b.maxwritten_clean::int8 AS maxwritten_clean,
    b.buffers_backend::int8 AS buffers_backend,
    b.buffers_backend_fsync::int8 AS buffers_backend_fsync,
    b.buffers_alloc::int8 AS buffers_alloc,
    NULL::int8 AS restartpoints_timed,
    NULL::int8 AS restartpoints_req,
    NULL::int8 AS restartpoints_done,
    NULL::int8 AS checkpoints_done,
    NULL::int8 AS slru_written
FROM pg_catalog.pg_stat_bgwriter AS b
