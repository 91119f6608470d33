-- source: pg_current_logfile, pg_ls_logdir, PostgreSQL 14; needs EXECUTE on both
SELECT /* basira */
    f.path::text AS path,
    l.size::int8 AS size
FROM (SELECT pg_catalog.pg_current_logfile($1) AS path) AS f
LEFT JOIN pg_catalog.pg_ls_logdir() AS l ON l.name = pg_catalog.regexp_replace(f.path, '^.*/', '')
