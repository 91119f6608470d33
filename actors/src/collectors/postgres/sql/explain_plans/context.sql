-- source: pg_db_role_setting, pg_settings, PostgreSQL 14; needs nothing
-- where a role's statements look for their tables: what is set for the role here, the role, the database, or the server; that
-- of the server is what our session had before it set its own, unless our role has another
SELECT /* basira */
    pg_catalog.clock_timestamp()::timestamptz AS at,
    pg_catalog.replace(
        COALESCE(
            (SELECT pg_catalog.substr(c.setting, 13)
             FROM pg_catalog.pg_db_role_setting AS s
             CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (setting)
             WHERE c.setting LIKE 'search_path=%'
               AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()))
               AND s.setrole IN (0, (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = $1))
             ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC
             LIMIT 1),
            (SELECT g.reset_val
             FROM pg_catalog.pg_settings AS g
             WHERE g.name = 'search_path'
               AND NOT EXISTS (
                   SELECT
                   FROM pg_catalog.pg_db_role_setting AS s
                   CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (setting)
                   JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
                   WHERE c.setting LIKE 'search_path=%' AND r.rolname = SESSION_USER
               )),
            '"$user", public'
        ),
        '"$user"',
        pg_catalog.quote_ident($1)
    )::text AS search_path
