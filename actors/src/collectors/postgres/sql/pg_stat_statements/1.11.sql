-- source: pg_stat_statements(showtext => false), extension 1.11 (PostgreSQL 17 and 18); needs pg_read_all_stats
-- counters only: the text file is not read; of the database connected to, or with $1 of every one,
-- whose number is given only when it is another: the view holds the whole instance
-- counters that are mostly zero are sent as NULL then: a value costs the server more than the test
SELECT /* basira */
    s.queryid AS queryid,
    s.userid::int8 AS userid,
    s.toplevel AS toplevel,
    NULLIF(s.dbid, here.oid)::int8 AS dbid,
    s.stats_since AS since,
    s.calls AS calls,
    NULLIF(s.plans, 0) AS plans,
    s.total_exec_time AS total_time,
    s.rows AS rows,
    s.shared_blks_hit AS shared_blks_hit,
    NULLIF(s.shared_blks_read, 0) AS shared_blks_read,
    NULLIF(s.shared_blks_dirtied, 0) AS shared_blks_dirtied,
    NULLIF(s.shared_blks_written, 0) AS shared_blks_written,
    NULLIF(s.temp_blks_read, 0) AS temp_blks_read,
    NULLIF(s.temp_blks_written, 0) AS temp_blks_written,
    NULLIF(s.shared_blk_read_time, 0) AS blk_read_time,
    NULLIF(s.shared_blk_write_time, 0) AS blk_write_time,
    NULLIF(s.wal_records, 0) AS wal_records,
    NULLIF(s.wal_fpi, 0) AS wal_fpi,
    NULLIF(s.wal_bytes, 0)::int8 AS wal_bytes,
    NULLIF(s.total_plan_time, 0) AS plan_time,
    NULLIF(s.jit_functions, 0) AS jit_functions,
    CASE WHEN s.jit_functions > 0
        THEN s.jit_generation_time + s.jit_inlining_time + s.jit_optimization_time + s.jit_emission_time + s.jit_deform_time
    END AS jit_time,
    s.min_exec_time AS min_time,
    s.max_exec_time AS max_time,
    s.stddev_exec_time AS stddev_time
FROM {schema}.pg_stat_statements(false) AS s
CROSS JOIN (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()) AS here
WHERE $1 OR s.dbid = here.oid
