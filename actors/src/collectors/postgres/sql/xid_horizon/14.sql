-- source: pg_database, pg_stat_activity, pg_prepared_xacts, pg_replication_slots, pg_stat_replication, pg_stat_progress_vacuum, PostgreSQL 14; needs pg_read_all_stats
SELECT /* basira */
    clock.at AS at,
    h.kind::text AS kind,
    h.holder::text AS holder,
    h.pid::int8 AS pid,
    h.database_name::text AS database_name,
    h.state::text AS state,
    h.xid_age::int8 AS xid_age,
    h.mxid_age::int8 AS mxid_age,
    h.since::timestamptz AS since,
    coalesce(h.holds_catalogs_only, false)::bool AS holds_catalogs_only,
    pg_catalog.current_setting('autovacuum_freeze_max_age')::int8 AS freeze_max_age,
    pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::int8 AS mxid_freeze_max_age,
    pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')::bool AS all_visible
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS clock
CROSS JOIN (
    SELECT
        'database' AS kind, NULL AS holder, NULL::int4 AS pid, d.datname AS database_name, NULL AS state,
        pg_catalog.age(d.datfrozenxid) AS xid_age, pg_catalog.mxid_age(d.datminmxid) AS mxid_age,
        NULL::timestamptz AS since, NULL::bool AS holds_catalogs_only
    FROM pg_catalog.pg_database AS d
    UNION ALL
    (
        SELECT
            'backend', pg_catalog.concat_ws(' ', a.usename, nullif(a.application_name, '')), a.pid, a.datname, a.state,
            greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)), NULL, a.xact_start, false
        FROM pg_catalog.pg_stat_activity AS a
        WHERE (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)
          AND a.pid <> pg_catalog.pg_backend_pid()
          AND a.backend_type <> 'walsender'
          -- the snapshot of a VACUUM, manual or not, holds back nobody; that of an ANALYZE does
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum AS v WHERE v.pid = a.pid)
          AND NOT (a.backend_type = 'autovacuum worker' AND a.query LIKE 'autovacuum: VACUUM %'
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_analyze AS z WHERE z.pid = a.pid))
        ORDER BY 6 DESC
        LIMIT 50
    )
    UNION ALL
    (
        SELECT
            'prepared_transaction', p.gid, NULL, p.database, NULL,
            pg_catalog.age(p.transaction), NULL, p.prepared, false
        FROM pg_catalog.pg_prepared_xacts AS p
        ORDER BY 6 DESC
        LIMIT 50
    )
    UNION ALL
    SELECT
        'replication_slot', s.slot_name, s.active_pid, s.database, CASE WHEN s.active THEN 'active' ELSE 'inactive' END,
        greatest(pg_catalog.age(s.xmin), pg_catalog.age(s.catalog_xmin)), NULL, NULL,
        coalesce(pg_catalog.age(s.catalog_xmin) > pg_catalog.age(s.xmin), s.xmin IS NULL)
    FROM pg_catalog.pg_replication_slots AS s
    WHERE s.xmin IS NOT NULL OR s.catalog_xmin IS NOT NULL
    UNION ALL
    SELECT
        'standby', pg_catalog.concat_ws(' ', nullif(r.application_name, ''), pg_catalog.host(r.client_addr)), r.pid, NULL, r.state,
        pg_catalog.age(r.backend_xmin), NULL, r.backend_start, false
    FROM pg_catalog.pg_stat_replication AS r
    WHERE r.backend_xmin IS NOT NULL
) AS h
