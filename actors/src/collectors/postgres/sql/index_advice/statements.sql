-- source: pg_stat_statements, extension 1.9 (PostgreSQL 14); needs pg_read_all_stats
-- reads the whole text file: asked every hour; a superuser is not to plan what others wrote: their functions would run
-- with its rights. What ran hardly ever is worth no index. A search path is what is set for the role in this database, the
-- role, the database, or the default
SELECT /* basira */
    pg_catalog."left"(s.query, $1)::text AS query,
    (me.rolsuper AND NOT u.rolsuper)::bool AS beyond,
    pg_catalog.replace(COALESCE(p.setting, '"$user", public'), '"$user"', pg_catalog.quote_ident(u.rolname))::text AS search_path
-- the function and not the view, which would be locked
FROM {schema}.pg_stat_statements(true) AS s
JOIN pg_catalog.pg_roles AS u ON u.oid = s.userid
JOIN pg_catalog.pg_roles AS me ON me.rolname = CURRENT_USER
LEFT JOIN LATERAL (
    SELECT pg_catalog.substr(c.setting, 13) AS setting
    FROM pg_catalog.pg_db_role_setting AS r
    CROSS JOIN LATERAL pg_catalog.unnest(r.setconfig) AS c (setting)
    WHERE c.setting LIKE 'search_path=%'
      AND r.setdatabase IN (0, s.dbid) AND r.setrole IN (0, s.userid)
    ORDER BY r.setrole <> 0 DESC, r.setdatabase <> 0 DESC
    LIMIT 1
) AS p ON true
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  AND s.queryid IS NOT NULL
  AND s.calls >= 5
  AND s.query ~* '^[\s(]*(/\*|--|select|with|values)'
  AND s.query NOT LIKE '%/* basira */%'
ORDER BY s.total_exec_time DESC
LIMIT 200
