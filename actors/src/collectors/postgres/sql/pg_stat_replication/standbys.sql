-- source: pg_stat_replication, PostgreSQL 14; needs pg_read_all_stats to see more than names
SELECT /* basira */
    r.pid::int8 AS pid,
    r.application_name::text AS application_name,
    r.usename::text AS user_name,
    pg_catalog.host(r.client_addr)::text AS client_addr,
    r.state::text AS state,
    r.sync_state::text AS sync_state,
    pg_catalog.pg_wal_lsn_diff(here.lsn, r.sent_lsn)::int8 AS sent_lag_bytes,
    pg_catalog.pg_wal_lsn_diff(here.lsn, r.write_lsn)::int8 AS write_lag_bytes,
    pg_catalog.pg_wal_lsn_diff(here.lsn, r.flush_lsn)::int8 AS flush_lag_bytes,
    pg_catalog.pg_wal_lsn_diff(here.lsn, r.replay_lsn)::int8 AS replay_lag_bytes,
    EXTRACT(EPOCH FROM r.write_lag)::float8 AS write_lag_seconds,
    EXTRACT(EPOCH FROM r.flush_lag)::float8 AS flush_lag_seconds,
    EXTRACT(EPOCH FROM r.replay_lag)::float8 AS replay_lag_seconds,
    r.reply_time::timestamptz AS reply_time
FROM (
    SELECT CASE WHEN pg_catalog.pg_is_in_recovery()
        THEN GREATEST(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())
        ELSE pg_catalog.pg_current_wal_lsn() END AS lsn
) AS here
CROSS JOIN pg_catalog.pg_stat_replication AS r
ORDER BY r.application_name, r.pid
