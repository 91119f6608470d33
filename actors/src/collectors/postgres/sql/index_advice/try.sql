-- source: hypopg_create_index(), HypoPG 1.1; needs USAGE on its schema
-- lives in the memory of this session only
SELECT /* basira */
    {schema}.hypopg_relation_size(h.indexrelid)::int8 AS size_bytes
FROM {schema}.hypopg_create_index($1) AS h
