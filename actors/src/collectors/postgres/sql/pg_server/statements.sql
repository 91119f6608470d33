-- source: pg_stat_statements_info, extension 1.9; needs nothing
SELECT /* basira */
    i.stats_reset::timestamptz AS reset_at
FROM {schema}.pg_stat_statements_info AS i
