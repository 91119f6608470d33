-- source: pg_extension, pg_available_extensions(), PostgreSQL 14; needs nothing
SELECT /* basira */
    e.extname::text AS name,
    n.nspname::text AS schema,
    e.extversion::text AS version,
    a.default_version::text AS available_version
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
LEFT JOIN pg_catalog.pg_available_extensions() AS a ON a.name = e.extname
ORDER BY e.extname
