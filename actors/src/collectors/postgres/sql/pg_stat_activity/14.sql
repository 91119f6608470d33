-- source: pg_stat_activity, PostgreSQL 14; needs pg_read_all_stats to see other roles' sessions
-- pg_blocking_pids stops the lock manager for a moment, so it is asked only for sessions that wait for a lock;
-- of a session that the role may not see, the kind and the state are NULL: these are counted, not shown;
-- a session that is idle in a transaction is so since its last statement ended; of one with track_activities = off it is
-- not known whether it does anything: it is counted, too;
-- one row of NULLs with the server's clock stands for nothing going on
SELECT /* basira */
    a.pid::int8 AS pid,
    clock.at AS at,
    a.usename::text AS user_name,
    a.datname::text AS database_name,
    a.application_name AS application_name,
    pg_catalog.host(a.client_addr) AS client_addr,
    a.backend_type AS backend_type,
    a.state AS state,
    a.wait_event_type AS wait_event_type,
    a.wait_event AS wait_event,
    a.xact_start AS xact_start,
    CASE WHEN a.state LIKE 'idle in transaction%' THEN a.state_change ELSE a.query_start END AS query_start,
    a.query AS query,
    CASE WHEN a.wait_event_type = 'Lock' THEN pg_catalog.pg_blocking_pids(a.pid) END AS blocking_pids
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS clock
LEFT JOIN pg_catalog.pg_stat_activity AS a
  ON a.pid <> pg_catalog.pg_backend_pid()
  AND a.application_name IS DISTINCT FROM 'basira'
  AND a.state IS DISTINCT FROM 'idle'
  AND (
      a.backend_type IN ('client backend', 'autovacuum worker', 'parallel worker')
      OR (a.query = '<insufficient privilege>' AND a.datid IS NOT NULL)
  )
