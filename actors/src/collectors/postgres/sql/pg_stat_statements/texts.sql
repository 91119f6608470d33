-- source: pg_stat_statements, extension 1.9 (PostgreSQL 14); needs pg_read_all_stats
-- reads the whole text file whatever the filter: asked rarely, and only for statements not seen before
SELECT /* basira */
    s.queryid AS queryid,
    s.userid::int8 AS userid,
    s.toplevel AS toplevel,
    NULLIF(s.dbid, here.oid)::int8 AS dbid,
    (SELECT d.datname::text FROM pg_catalog.pg_database AS d WHERE d.oid = s.dbid) AS database_name,
    pg_catalog.pg_get_userbyid(s.userid)::text AS user_name,
    pg_catalog."left"(s.query, $2) AS query
FROM {schema}.pg_stat_statements AS s
CROSS JOIN (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()) AS here
WHERE s.queryid = ANY ($1)
  AND ($3 OR s.dbid = here.oid)
