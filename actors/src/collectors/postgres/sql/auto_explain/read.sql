-- source: pg_read_binary_file, PostgreSQL 14; needs EXECUTE on it
SELECT /* basira */
    pg_catalog.encode(pg_catalog.pg_read_binary_file($1, $2, $3, true), 'hex')::text AS content
