-- source: server settings, pg_roles, pg_proc, pg_extension; needs nothing
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
    pg_catalog.current_setting('pg_stat_statements.max', true) IS NOT NULL AS statements_loaded,
    pg_catalog.pg_backend_pid()::int8 AS backend,
    pg_catalog.current_setting('lock_timeout') AS lock_timeout,
    CASE
        WHEN EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE p.proname = 'aurora_version') THEN 'aurora'
        WHEN facts.roles @> '{rds_superuser}' OR pg_catalog.current_setting('rds.extensions', true) IS NOT NULL THEN 'rds'
        WHEN facts.roles @> '{alloydbsuperuser}' THEN 'alloydb'
        WHEN facts.roles @> '{cloudsqlsuperuser}' THEN 'cloudsql'
        WHEN facts.roles @> '{azure_pg_admin}' OR pg_catalog.current_setting('azure.extensions', true) IS NOT NULL THEN 'azure'
        WHEN facts.roles @> '{supabase_admin}' THEN 'supabase'
        WHEN facts.roles @> '{neon_superuser}' THEN 'neon'
    END AS flavour,
    pg_catalog.current_setting('block_size')::int8 AS block_bytes
FROM (
    SELECT ARRAY(
        SELECT r.rolname::text FROM pg_catalog.pg_roles AS r
        WHERE r.rolname IN (
            'rds_superuser', 'alloydbsuperuser', 'cloudsqlsuperuser', 'azure_pg_admin', 'supabase_admin', 'neon_superuser'
        )
    ) AS roles
) AS facts
LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = 'pg_stat_statements'
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
