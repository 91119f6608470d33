-- source: pg_stat_statements_info, extension 1.9 (PostgreSQL 14); needs nothing beyond the extension
SELECT /* basira */
    pg_catalog.clock_timestamp() AS at,
    i.stats_reset AS reset_at,
    i.dealloc AS evictions,
    pg_catalog.pg_is_in_recovery() AS in_recovery
FROM {schema}.pg_stat_statements_info AS i
