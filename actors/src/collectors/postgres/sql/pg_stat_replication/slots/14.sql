-- source: pg_replication_slots, PostgreSQL 14; needs nothing
SELECT /* basira */
    s.slot_name::text AS slot_name,
    s.slot_type::text AS slot_type,
    s.plugin::text AS plugin,
    s.database::text AS database,
    s.temporary::bool AS temporary,
    s.active::bool AS active,
    s.active_pid::int8 AS active_pid,
    CASE WHEN s.wal_status <> 'lost' THEN pg_catalog.pg_wal_lsn_diff(here.lsn, s.restart_lsn) END::int8 AS lag_bytes,
    CASE WHEN s.wal_status <> 'lost' THEN pg_catalog.pg_wal_lsn_diff(here.lsn, s.confirmed_flush_lsn) END::int8 AS unconfirmed_bytes,
    s.wal_status::text AS wal_status,
    s.safe_wal_size::int8 AS safe_wal_size,
    s.two_phase::bool AS two_phase,
    NULL::bool AS conflicting,
    NULL::timestamptz AS inactive_since,
    NULL::text AS invalidation_reason,
    NULL::bool AS failover,
    NULL::bool AS synced
FROM (
    SELECT CASE WHEN pg_catalog.pg_is_in_recovery()
        THEN GREATEST(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())
        ELSE pg_catalog.pg_current_wal_lsn() END AS lsn
) AS here
CROSS JOIN pg_catalog.pg_replication_slots AS s
ORDER BY s.slot_name
