-- source: pg_stat_archiver, PostgreSQL 14; needs nothing
SELECT /* basira */
    pg_catalog.clock_timestamp() AS at,
    pg_catalog.pg_postmaster_start_time() AS started_at,
    pg_catalog.pg_is_in_recovery() AS in_recovery,
    pg_catalog.current_setting('archive_mode')::text AS archive_mode,
    a.archived_count::int8 AS archived,
    a.failed_count::int8 AS failed,
    a.last_archived_wal::text AS last_archived_wal,
    a.last_archived_time::timestamptz AS last_archived_at,
    a.last_failed_wal::text AS last_failed_wal,
    a.last_failed_time::timestamptz AS last_failed_at,
    a.stats_reset::timestamptz AS reset_at
FROM pg_catalog.pg_stat_archiver AS a
