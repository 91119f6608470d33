-- source: pg_stat_subscription, pg_stat_subscription_stats, pg_subscription, PostgreSQL 17; needs nothing
SELECT /* basira */
    clock.at AS at,
    s.subname::text AS subscription_name,
    d.datname::text AS database_name,
    s.subenabled::bool AS enabled,
    w.worker_type::text AS worker_type,
    w.pid::int8 AS pid,
    w.relid::int8 AS table_oid,
    w.received_lsn::text AS received_lsn,
    w.latest_end_lsn::text AS latest_end_lsn,
    (w.received_lsn - w.latest_end_lsn)::int8 AS pending_bytes,
    w.last_msg_send_time::timestamptz AS last_msg_sent_at,
    w.last_msg_receipt_time::timestamptz AS last_msg_received_at,
    w.latest_end_time::timestamptz AS latest_end_at,
    t.apply_error_count::int8 AS apply_error_count,
    t.sync_error_count::int8 AS sync_error_count,
    NULL::int8 AS conflict_count,
    t.stats_reset::timestamptz AS reset_at
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS clock
LEFT JOIN pg_catalog.pg_subscription AS s ON true
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
LEFT JOIN pg_catalog.pg_stat_subscription AS w ON w.subid = s.oid
LEFT JOIN pg_catalog.pg_stat_subscription_stats AS t ON t.subid = s.oid
