-- source: pg_stat_io, PostgreSQL 16; needs nothing
-- a cell is NULL where the operation cannot be; the times stand still while track_io_timing is off: not measured,
-- not 0
SELECT /* basira */
    pg_catalog.clock_timestamp()::timestamptz AS at,
    pg_catalog.pg_is_in_recovery()::bool AS in_recovery,
    io.stats_reset::timestamptz AS reset_at,
    t.is_timed::bool AS is_timed,
    io.backend_type::text AS backend_type,
    io.object::text AS object,
    io.context::text AS context,
    io.reads::int8 AS reads,
    (io.reads * io.op_bytes)::int8 AS read_bytes,
    CASE WHEN t.is_timed THEN io.read_time END::float8 AS read_time,
    io.writes::int8 AS writes,
    (io.writes * io.op_bytes)::int8 AS write_bytes,
    CASE WHEN t.is_timed THEN io.write_time END::float8 AS write_time,
    io.writebacks::int8 AS writebacks,
    CASE WHEN t.is_timed THEN io.writeback_time END::float8 AS writeback_time,
    io.extends::int8 AS extends,
    (io.extends * io.op_bytes)::int8 AS extend_bytes,
    CASE WHEN t.is_timed THEN io.extend_time END::float8 AS extend_time,
    io.hits::int8 AS hits,
    io.evictions::int8 AS evictions,
    io.reuses::int8 AS reuses,
    io.fsyncs::int8 AS fsyncs,
    CASE WHEN t.is_timed THEN io.fsync_time END::float8 AS fsync_time
FROM pg_catalog.pg_stat_io AS io
CROSS JOIN LATERAL (
    SELECT pg_catalog.current_setting('track_io_timing')::bool AS is_timed
) AS t
