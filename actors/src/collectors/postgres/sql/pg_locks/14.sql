-- source: pg_locks, pg_stat_activity, pg_prepared_xacts, pg_class, PostgreSQL 14; needs pg_read_all_stats to see other roles' sessions
-- what is waited for, what is held of the same things, and what is held on relations: the first 2000, waits first;
-- pg_blocking_pids stops the lock manager for a moment, so it is asked for waits only, and for 200 of them at most;
-- who waits for another transaction to end holds the tuple that both want, which names the table;
-- a prepared transaction has no process and counts as 0; one row of NULLs with the server's clock stands for no locks
WITH /* basira */ lock AS MATERIALIZED (
    SELECT
        coalesce(l.pid, 0) AS pid,
        l.virtualtransaction,
        l.locktype,
        l.mode,
        l.granted,
        l.waitstart,
        l.database,
        l.relation,
        l.transactionid,
        pg_catalog.concat_ws(
            '/', l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid,
            l.classid, l.objid, l.objsubid
        ) AS target
    FROM pg_catalog.pg_locks AS l
    WHERE l.mode <> 'SIReadLock'
),
awaited AS MATERIALIZED (
    SELECT DISTINCT l.target FROM lock AS l WHERE NOT l.granted
),
prepared AS (
    SELECT l.virtualtransaction, x.gid, x.prepared, x.owner, x.database
    FROM lock AS l
    JOIN pg_catalog.pg_prepared_xacts AS x ON x.transaction = l.transactionid
    WHERE l.pid = 0 AND l.granted
),
wanted_row AS (
    SELECT l.pid, pg_catalog.max(l.database) AS database, pg_catalog.max(l.relation) AS relation
    FROM lock AS l
    WHERE l.granted AND l.locktype = 'tuple'
    GROUP BY l.pid
),
shown AS MATERIALIZED (
    SELECT
        l.*,
        a.usename, a.datname, a.application_name, a.leader_pid, a.state, a.xact_start, a.query,
        pg_catalog.count(*) OVER () AS total,
        pg_catalog.row_number() OVER (ORDER BY l.granted, l.waitstart) AS place
    FROM lock AS l
    LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
    WHERE (NOT l.granted OR l.locktype = 'relation' OR l.target IN (SELECT w.target FROM awaited AS w))
      AND l.pid <> pg_catalog.pg_backend_pid()
      AND a.application_name IS DISTINCT FROM 'basira'
    ORDER BY l.granted, l.target NOT IN (SELECT w.target FROM awaited AS w), a.xact_start
    LIMIT 2000
)
SELECT
    s.pid::int8 AS pid,
    clock.at::timestamptz AS at,
    s.total::int8 AS total,
    s.locktype::text AS lock_type,
    s.mode::text AS mode,
    s.granted::bool AS granted,
    s.waitstart::timestamptz AS waits_since,
    s.target::text AS target,
    n.nspname::text AS schema_name,
    c.relname::text AS relation_name,
    (CASE WHEN NOT s.granted AND s.place <= 200 THEN pg_catalog.pg_blocking_pids(s.pid) END)::int4[] AS blocking_pids,
    s.leader_pid::int8 AS leader_pid,
    coalesce(s.usename, x.owner)::text AS user_name,
    coalesce(s.datname, x.database)::text AS database_name,
    s.application_name::text AS application_name,
    (CASE WHEN x.gid IS NULL THEN s.state ELSE 'prepared' END)::text AS state,
    coalesce(s.xact_start, x.prepared)::timestamptz AS xact_start,
    x.gid::text AS prepared_transaction,
    s.query::text AS query
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS clock
LEFT JOIN shown AS s ON true
LEFT JOIN prepared AS x ON s.pid = 0 AND x.virtualtransaction = s.virtualtransaction
LEFT JOIN wanted_row AS r ON r.pid = s.pid AND s.locktype = 'transactionid' AND NOT s.granted
LEFT JOIN pg_catalog.pg_class AS c
  ON c.oid = coalesce(s.relation, r.relation)
  AND (
      coalesce(s.database, r.database) = 0
      OR coalesce(s.database, r.database) =
          (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  )
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY s.place
