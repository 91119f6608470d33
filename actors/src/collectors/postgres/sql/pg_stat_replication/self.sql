-- source: pg_stat_wal_receiver and recovery functions, PostgreSQL 14; needs pg_read_all_stats to see the receiver
-- a server can be promoted between two questions, so each expression asks for the role itself; conninfo may hold a
-- password and is not read
SELECT /* basira */
    pg_catalog.clock_timestamp()::timestamptz AS at,
    here.in_recovery::bool AS in_recovery,
    CASE WHEN here.in_recovery THEN pg_catalog.pg_wal_lsn_diff(
        GREATEST(pg_catalog.pg_last_wal_receive_lsn(), r.latest_end_lsn), pg_catalog.pg_last_wal_replay_lsn()
    ) END::int8 AS lag_bytes,
    CASE WHEN here.in_recovery THEN pg_catalog.pg_last_xact_replay_timestamp() END::timestamptz AS replayed_at,
    CASE WHEN here.in_recovery THEN pg_catalog.pg_is_wal_replay_paused() END::bool AS replay_paused,
    r.pid::int8 AS receiver_pid,
    r.status::text AS receiver_status,
    r.slot_name::text AS receiver_slot_name,
    r.sender_host::text AS upstream_host,
    r.sender_port::int8 AS upstream_port
FROM (SELECT pg_catalog.pg_is_in_recovery() AS in_recovery) AS here
LEFT JOIN pg_catalog.pg_stat_wal_receiver AS r ON here.in_recovery
