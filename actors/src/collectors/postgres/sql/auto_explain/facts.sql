-- source: pg_settings, PostgreSQL 14; needs nothing
SELECT /* basira */
    pg_catalog.clock_timestamp()::timestamptz AS at,
    pg_catalog.current_setting('auto_explain.log_min_duration', true)::text AS min_duration,
    pg_catalog.current_setting('auto_explain.log_format', true)::text AS log_format,
    pg_catalog.current_setting('logging_collector')::text AS logging_collector,
    pg_catalog.current_setting('log_destination')::text AS log_destination,
    pg_catalog.current_setting('log_line_prefix')::text AS log_line_prefix,
    pg_catalog.has_function_privilege('pg_catalog.pg_current_logfile(text)', 'EXECUTE')::bool AS may_find,
    pg_catalog.has_function_privilege('pg_catalog.pg_ls_logdir()', 'EXECUTE')::bool AS may_list,
    pg_catalog.has_function_privilege('pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)', 'EXECUTE')::bool AS may_read
