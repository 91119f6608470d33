-- source: pg_database, PostgreSQL 14; needs nothing
-- a limit of -2 marks what is left of a DROP DATABASE that was broken off
SELECT /* basira */
    pg_catalog.clock_timestamp()::timestamptz AS at,
    d.oid::int8 AS oid,
    d.datname::text AS name,
    (d.datallowconn AND NOT d.datistemplate AND d.datconnlimit <> -2)::bool AS takes_connections,
    pg_catalog.has_database_privilege(d.oid, 'CONNECT')::bool AS may_connect
FROM pg_catalog.pg_database AS d
ORDER BY d.datname
