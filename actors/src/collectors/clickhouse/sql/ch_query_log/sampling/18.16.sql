-- source: system.settings, ClickHouse 18.16; needs nothing
-- what the log leaves out, as the profile of our user says; those of others may differ
SELECT /* basira */
    s.name AS name,
    s.value AS value
FROM system.settings AS s
WHERE s.name IN ('log_queries', 'log_queries_probability', 'log_queries_min_query_duration_ms', 'log_queries_min_type')
