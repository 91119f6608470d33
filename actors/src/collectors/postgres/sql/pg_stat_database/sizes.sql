-- source: pg_database_size, PostgreSQL 14; needs CONNECT on each database or pg_read_all_stats
SELECT /* basira */
    d.datname::text AS database_name,
    CASE
        WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT')
            OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
            THEN pg_catalog.pg_database_size(d.oid)
    END::int8 AS size_bytes
FROM pg_catalog.pg_database AS d
