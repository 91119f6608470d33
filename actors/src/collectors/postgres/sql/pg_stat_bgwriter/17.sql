-- source: pg_stat_bgwriter and pg_stat_checkpointer, PostgreSQL 17; needs nothing
-- each is reset on its own; what backends write themselves is in pg_stat_io from 17 on
SELECT /* basira */
    'pg_stat_bgwriter'::text AS view_name,
    pg_catalog.clock_timestamp()::timestamptz AS at,
    pg_catalog.pg_is_in_recovery()::bool AS in_recovery,
    b.stats_reset::timestamptz AS reset_at,
    NULL::int8 AS checkpoints_timed,
    NULL::int8 AS checkpoints_req,
    NULL::float8 AS checkpoint_write_time,
    NULL::float8 AS checkpoint_sync_time,
    NULL::int8 AS buffers_checkpoint,
    b.buffers_clean::int8 AS buffers_clean,
    b.maxwritten_clean::int8 AS maxwritten_clean,
    NULL::int8 AS buffers_backend,
    NULL::int8 AS buffers_backend_fsync,
    b.buffers_alloc::int8 AS buffers_alloc,
    NULL::int8 AS restartpoints_timed,
    NULL::int8 AS restartpoints_req,
    NULL::int8 AS restartpoints_done,
    NULL::int8 AS checkpoints_done,
    NULL::int8 AS slru_written
FROM pg_catalog.pg_stat_bgwriter AS b
UNION ALL
SELECT
    'pg_stat_checkpointer'::text AS view_name,
    pg_catalog.clock_timestamp()::timestamptz AS at,
    pg_catalog.pg_is_in_recovery()::bool AS in_recovery,
    c.stats_reset::timestamptz AS reset_at,
    c.num_timed::int8 AS checkpoints_timed,
    c.num_requested::int8 AS checkpoints_req,
    c.write_time::float8 AS checkpoint_write_time,
    c.sync_time::float8 AS checkpoint_sync_time,
    c.buffers_written::int8 AS buffers_checkpoint,
    NULL::int8 AS buffers_clean,
    NULL::int8 AS maxwritten_clean,
    NULL::int8 AS buffers_backend,
    NULL::int8 AS buffers_backend_fsync,
    NULL::int8 AS buffers_alloc,
    c.restartpoints_timed::int8 AS restartpoints_timed,
    c.restartpoints_req::int8 AS restartpoints_req,
    c.restartpoints_done::int8 AS restartpoints_done,
    NULL::int8 AS checkpoints_done,
    NULL::int8 AS slru_written
FROM pg_catalog.pg_stat_checkpointer AS c
