-- source: pg_class, pg_stat_get_dead_tuples and the like, PostgreSQL 14; needs nothing
-- what starts an autovacuum, as the server computes it; the worst tables by dead tuples, by inserts and by age
SELECT /* basira */
    clock.at AS at,
    worst.schema_name::text AS schema_name,
    worst.table_name::text AS table_name,
    worst.enabled::bool AS enabled,
    worst.live_tuples::int8 AS live_tuples,
    worst.dead_tuples::int8 AS dead_tuples,
    worst.vacuum_trigger::int8 AS vacuum_trigger,
    worst.vacuum_pct::int8 AS vacuum_pct,
    worst.inserted::int8 AS inserted,
    worst.insert_trigger::int8 AS insert_trigger,
    worst.insert_pct::int8 AS insert_pct,
    worst.xid_age::int8 AS xid_age,
    worst.mxid_age::int8 AS mxid_age,
    worst.toast_xid_age::int8 AS toast_xid_age,
    worst.freeze_max_age::int8 AS freeze_max_age,
    worst.freeze_pct::int8 AS freeze_pct,
    worst.mxid_freeze_pct::int8 AS mxid_freeze_pct,
    worst.due::bool AS due,
    worst.last_vacuum::timestamptz AS last_vacuum_at,
    worst.last_autovacuum::timestamptz AS last_autovacuum_at
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS clock
LEFT JOIN (
    SELECT
        ranked.*,
        pg_catalog.row_number() OVER (ORDER BY ranked.vacuum_pct DESC NULLS LAST) AS by_dead,
        pg_catalog.row_number() OVER (ORDER BY ranked.insert_pct DESC NULLS LAST) AS by_inserted,
        pg_catalog.row_number() OVER (ORDER BY ranked.freeze_pct DESC NULLS LAST) AS by_age,
        pg_catalog.row_number() OVER (ORDER BY ranked.mxid_freeze_pct DESC NULLS LAST) AS by_mxid_age
    FROM (
        SELECT
            t.*,
            100 * t.dead_tuples / greatest(t.vacuum_trigger, 1) AS vacuum_pct,
            100 * t.inserted / greatest(t.insert_trigger, 1) AS insert_pct,
            100 * t.xid_age::float8 / t.freeze_max_age AS freeze_pct,
            100 * t.mxid_age::float8 / t.mxid_freeze_max_age AS mxid_freeze_pct,
            (t.enabled AND (t.dead_tuples > t.vacuum_trigger OR coalesce(t.inserted > t.insert_trigger, false)))
                OR t.xid_age > t.freeze_max_age
                OR t.mxid_age > t.mxid_freeze_max_age AS due
        FROM (
            SELECT
                n.nspname AS schema_name,
                c.relname AS table_name,
                coalesce(o.enabled, true) AS enabled,
                pg_catalog.pg_stat_get_live_tuples(c.oid) AS live_tuples,
                pg_catalog.pg_stat_get_dead_tuples(c.oid) AS dead_tuples,
                coalesce(o.threshold, s.threshold)
                    + coalesce(o.scale, s.scale) * greatest(c.reltuples, 0) AS vacuum_trigger,
                pg_catalog.pg_stat_get_ins_since_vacuum(c.oid) AS inserted,
                CASE
                    WHEN coalesce(o.insert_threshold, s.insert_threshold) >= 0
                        THEN coalesce(o.insert_threshold, s.insert_threshold)
                            + coalesce(o.insert_scale, s.insert_scale) * greatest(c.reltuples, 0)
                END AS insert_trigger,
                greatest(pg_catalog.age(c.relfrozenxid), pg_catalog.age(toast.relfrozenxid)) AS xid_age,
                greatest(pg_catalog.mxid_age(c.relminmxid), pg_catalog.mxid_age(toast.relminmxid)) AS mxid_age,
                pg_catalog.age(toast.relfrozenxid) AS toast_xid_age,
                least(o.freeze_max_age, s.freeze_max_age) AS freeze_max_age,
                least(o.mxid_freeze_max_age, s.mxid_freeze_max_age) AS mxid_freeze_max_age,
                pg_catalog.pg_stat_get_last_vacuum_time(c.oid) AS last_vacuum,
                pg_catalog.pg_stat_get_last_autovacuum_time(c.oid) AS last_autovacuum
            FROM (
                SELECT
                    pg_catalog.current_setting('autovacuum_vacuum_threshold')::float8 AS threshold,
                    pg_catalog.current_setting('autovacuum_vacuum_scale_factor')::float8 AS scale,
                    pg_catalog.current_setting('autovacuum_vacuum_insert_threshold')::float8 AS insert_threshold,
                    pg_catalog.current_setting('autovacuum_vacuum_insert_scale_factor')::float8 AS insert_scale,
                    pg_catalog.current_setting('autovacuum_freeze_max_age')::float8 AS freeze_max_age,
                    pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::float8 AS mxid_freeze_max_age
            ) AS s
            CROSS JOIN pg_catalog.pg_class AS c
            JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            LEFT JOIN pg_catalog.pg_class AS toast ON toast.oid = c.reltoastrelid
            LEFT JOIN LATERAL (
                SELECT
                    pg_catalog.max(p.option_value) FILTER (WHERE p.option_name = 'autovacuum_enabled')::bool AS enabled,
                    pg_catalog.max(p.option_value) FILTER (WHERE p.option_name = 'autovacuum_vacuum_threshold')::float8 AS threshold,
                    pg_catalog.max(p.option_value) FILTER (WHERE p.option_name = 'autovacuum_vacuum_scale_factor')::float8 AS scale,
                    pg_catalog.max(p.option_value) FILTER (WHERE p.option_name = 'autovacuum_vacuum_insert_threshold')::float8 AS insert_threshold,
                    pg_catalog.max(p.option_value) FILTER (WHERE p.option_name = 'autovacuum_vacuum_insert_scale_factor')::float8 AS insert_scale,
                    pg_catalog.max(p.option_value) FILTER (WHERE p.option_name = 'autovacuum_freeze_max_age')::float8 AS freeze_max_age,
                    pg_catalog.max(p.option_value) FILTER (WHERE p.option_name = 'autovacuum_multixact_freeze_max_age')::float8 AS mxid_freeze_max_age
                FROM pg_catalog.pg_options_to_table(c.reloptions) AS p
            ) AS o ON c.reloptions IS NOT NULL
            WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND c.relfrozenxid <> '0'::xid
        ) AS t
    ) AS ranked
) AS worst
  ON worst.by_dead <= 200 OR worst.by_inserted <= 100 OR worst.by_age <= 200 OR worst.by_mxid_age <= 100
