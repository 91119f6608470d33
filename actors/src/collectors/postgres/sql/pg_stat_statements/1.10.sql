-- source: pg_stat_statements(showtext => false), extension 1.10 (PostgreSQL 15 and 16); needs pg_read_all_stats
-- counters only: the text file is not read; one database, though the view holds the whole instance
SELECT /* basira */
    s.queryid AS queryid,
    s.userid::int8 AS userid,
    s.toplevel AS toplevel,
    NULL::timestamptz AS since,
    s.calls AS calls,
    s.plans AS plans,
    s.total_exec_time AS total_time,
    s.rows AS rows,
    s.shared_blks_hit AS shared_blks_hit,
    s.shared_blks_read AS shared_blks_read,
    s.shared_blks_dirtied AS shared_blks_dirtied,
    s.shared_blks_written AS shared_blks_written,
    s.local_blks_hit AS local_blks_hit,
    s.local_blks_read AS local_blks_read,
    s.temp_blks_read AS temp_blks_read,
    s.temp_blks_written AS temp_blks_written,
    s.blk_read_time AS blk_read_time,
    s.blk_write_time AS blk_write_time,
    s.wal_records AS wal_records,
    s.wal_fpi AS wal_fpi,
    s.wal_bytes::int8 AS wal_bytes,
    s.total_plan_time AS plan_time,
    s.jit_functions AS jit_functions,
    s.jit_generation_time + s.jit_inlining_time + s.jit_optimization_time + s.jit_emission_time AS jit_time,
    s.min_exec_time AS min_time,
    s.max_exec_time AS max_time,
    s.stddev_exec_time AS stddev_time
FROM {schema}.pg_stat_statements(false) AS s
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
