-- source: pg_stat_activity and settings, PostgreSQL 14; needs pg_read_all_stats to see what other roles' sessions do
-- sessions of clients, idle ones too, by all that they are counted by; our own are called basira. Of a session that the
-- role may not see, the kind and the state are NULL. One row with a count of 0 stands for no session
SELECT /* basira */
    clock.at::timestamptz AS at,
    pg_catalog.current_setting('max_connections')::int8 AS max_connections,
    pg_catalog.current_setting('superuser_reserved_connections')::int8 AS superuser_reserved_connections,
    pg_catalog.current_setting('reserved_connections', true)::int8 AS reserved_connections,
    a.state::text AS state,
    a.datname::text AS database_name,
    a.usename::text AS user_name,
    nullif(a.application_name, '')::text AS application_name,
    pg_catalog.count(a.pid)::int8 AS sessions,
    pg_catalog.count(a.pid) FILTER (WHERE a.wait_event_type = 'Lock')::int8 AS waiting,
    pg_catalog.count(a.pid) FILTER (WHERE a.query = '<insufficient privilege>')::int8 AS hidden,
    pg_catalog.min(a.xact_start)::timestamptz AS oldest_xact_start,
    pg_catalog.min(a.state_change) FILTER (WHERE a.state LIKE 'idle in transaction%')::timestamptz AS idle_in_transaction_since
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS clock
LEFT JOIN pg_catalog.pg_stat_activity AS a
  ON a.backend_type = 'client backend'
  OR (a.query = '<insufficient privilege>' AND a.datid IS NOT NULL AND a.usesysid IS NOT NULL)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
