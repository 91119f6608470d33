-- source: pg_index, pg_class, PostgreSQL 14; needs nothing
SELECT /* basira */
    i.indrelid::int8 AS table_oid,
    i.indisunique::bool AS is_unique,
    i.indnkeyatts::int8 AS keys,
    i.indkey::text AS columns
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY ($1::int8[]::oid[]) AND i.indisvalid AND i.indpred IS NULL AND c.relam = 403
