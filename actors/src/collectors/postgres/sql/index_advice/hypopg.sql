-- source: pg_extension, PostgreSQL 14; needs nothing
SELECT /* basira */
    (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension AS e
     JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'hypopg')::text AS schema,
    pg_catalog.pg_is_in_recovery()::bool AS in_recovery
