-- source: pg_stat_activity, PostgreSQL 14; needs pg_read_all_stats to see other roles' sessions
-- active sessions by what they wait for; none is CPU, or something that the server does not name. Parallel workers count
-- as sessions of their own: each takes a processor or a wait of its own. Processes of the server, such as senders of WAL and
-- workers of logical replication, are no load, and neither is who only waits for work (Activity);
-- a kind of NULL counts what the role may not see, and is there when nothing else is
SELECT /* basira */
    clock.at::timestamptz AS at,
    (CASE WHEN a.state IS NULL THEN NULL ELSE coalesce(a.wait_event_type, 'CPU') END)::text AS wait_event_type,
    (CASE WHEN a.state IS NULL THEN NULL ELSE coalesce(a.wait_event, 'CPU') END)::text AS wait_event,
    pg_catalog.count(a.pid)::int8 AS sessions
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS clock
LEFT JOIN pg_catalog.pg_stat_activity AS a
  ON a.pid <> pg_catalog.pg_backend_pid()
  AND a.application_name IS DISTINCT FROM 'basira'
  AND (
      (
          a.state IN ('active', 'fastpath function call')
          AND a.wait_event_type IS DISTINCT FROM 'Activity'
          AND a.backend_type IN ('client backend', 'parallel worker', 'autovacuum worker')
      )
      OR (a.query = '<insufficient privilege>' AND a.datid IS NOT NULL)
  )
GROUP BY 1, 2, 3
