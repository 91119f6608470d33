-- source: pg_stat_progress_vacuum, _analyze, _create_index and _cluster, PostgreSQL 18; needs pg_read_all_stats
-- names are those of the database connected to; in others only the database is known
SELECT /* basira */
    clock.at AS at,
    p.command::text AS command,
    p.pid::int8 AS pid,
    p.datname::text AS database_name,
    n.nspname::text AS schema_name,
    c.relname::text AS table_name,
    p.phase::text AS phase,
    p.blocks_total::int8 AS blocks_total,
    p.blocks_done::int8 AS blocks_done,
    p.index_vacuum_count::int8 AS index_vacuum_count,
    p.dead_items::int8 AS dead_items,
    p.max_dead_tuples::int8 AS max_dead_tuples,
    p.max_dead_tuple_bytes::int8 AS max_dead_tuple_bytes,
    p.dead_tuple_bytes::int8 AS dead_tuple_bytes,
    p.indexes_total::int8 AS indexes_total,
    p.indexes_processed::int8 AS indexes_processed,
    p.delay_time::float8 AS delay_time,
    (a.backend_type = 'autovacuum worker')::bool AS is_autovacuum,
    (a.backend_type = 'autovacuum worker' AND a.query LIKE '%to prevent wraparound%')::bool AS is_wraparound,
    coalesce(a.xact_start, a.query_start)::timestamptz AS started_at
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS clock
LEFT JOIN (
    SELECT
        'vacuum' AS command, v.pid, v.datname, v.relid, v.phase,
        v.heap_blks_total AS blocks_total, v.heap_blks_scanned AS blocks_done, v.index_vacuum_count,
        v.num_dead_item_ids AS dead_items, NULL::int8 AS max_dead_tuples, v.max_dead_tuple_bytes,
        v.dead_tuple_bytes, v.indexes_total, v.indexes_processed, v.delay_time
    FROM pg_catalog.pg_stat_progress_vacuum AS v
    UNION ALL
    SELECT
        'analyze', v.pid, v.datname, v.relid, v.phase, v.sample_blks_total, v.sample_blks_scanned, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM pg_catalog.pg_stat_progress_analyze AS v
    UNION ALL
    SELECT
        pg_catalog.lower(v.command), v.pid, v.datname, v.relid, v.phase, v.blocks_total, v.blocks_done, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM pg_catalog.pg_stat_progress_create_index AS v
    UNION ALL
    SELECT
        pg_catalog.lower(v.command), v.pid, v.datname, v.relid, v.phase, v.heap_blks_total, v.heap_blks_scanned, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM pg_catalog.pg_stat_progress_cluster AS v
) AS p ON true
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = p.pid
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = p.relid AND p.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
