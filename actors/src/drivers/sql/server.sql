-- source: server settings, pg_roles, pg_extension; needs nothing
SELECT /* basira */
    pg_catalog.current_setting('server_version') AS version,
    pg_catalog.current_setting('server_version_num')::int8 AS version_num,
    pg_catalog.pg_postmaster_start_time() AS started_at,
    pg_catalog.current_database()::text AS database,
    CURRENT_USER::text AS role,
    (SELECT r.oid::int8 FROM pg_catalog.pg_roles AS r WHERE r.rolname = CURRENT_USER) AS role_oid,
    e.extversion AS statements_version,
    pg_catalog.quote_ident(n.nspname) AS statements_schema,
    pg_catalog.pg_is_in_recovery() AS in_recovery,
    pg_catalog.current_setting('block_size')::int8 AS block_bytes
FROM (SELECT 1) AS one
LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = 'pg_stat_statements'
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
