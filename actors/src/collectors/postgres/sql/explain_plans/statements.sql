-- source: pg_stat_statements, extension 1.9 (PostgreSQL 14); needs pg_read_all_stats
-- reads the whole text file: asked every few minutes; a superuser is not to plan what others wrote: their functions
-- would run with its rights
SELECT /* basira */
    pg_catalog.clock_timestamp()::timestamptz AS at,
    u.rolname::text AS user_name,
    pg_catalog."left"(s.query, $1)::text AS query,
    (me.rolsuper AND NOT u.rolsuper)::bool AS beyond,
    (SELECT pg_catalog.string_agg(r.oid::text, ' ' ORDER BY r.oid)
     FROM pg_catalog.pg_roles AS r WHERE pg_catalog.pg_has_role(CURRENT_USER, r.oid, 'USAGE'))::text AS memberships
FROM {schema}.pg_stat_statements AS s
JOIN pg_catalog.pg_roles AS u ON u.oid = s.userid
JOIN pg_catalog.pg_roles AS me ON me.rolname = CURRENT_USER
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  AND s.queryid IS NOT NULL
  AND s.query ~* '^[\s(]*(/\*|--|select|insert|update|delete|merge|with|values)'
  AND s.query NOT LIKE '%/* basira */%'
ORDER BY s.total_exec_time DESC
LIMIT 200
