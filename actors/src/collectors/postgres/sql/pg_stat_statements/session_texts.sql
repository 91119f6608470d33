-- source: pg_stat_activity, PostgreSQL 14; needs pg_read_all_stats
-- instead of pg_stat_statements, which converts all texts to the encoding of this database and fails if it cannot convert one;
-- only texts that are whole
SELECT /* basira */
    a.query_id AS queryid,
    a.usesysid::int8 AS userid,
    true AS toplevel,
    NULLIF(a.datid, here.oid)::int8 AS dbid,
    a.datname::text AS database_name,
    a.usename::text AS user_name,
    pg_catalog."left"(a.query, $2) AS query
FROM pg_catalog.pg_stat_activity AS a
CROSS JOIN (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()) AS here
WHERE a.query_id = ANY ($1)
  AND ($3 OR a.datid = here.oid)
  AND pg_catalog.octet_length(a.query)
      < (SELECT s.setting::int4 FROM pg_catalog.pg_settings AS s WHERE s.name = 'track_activity_query_size') - 1
