-- source: pg_sequence, pg_sequence_last_value, PostgreSQL 14; needs SELECT or USAGE on each sequence
-- reading a sequence waits for whoever alters it, so those under a lock that keeps readers out are not read;
-- of the columns that a sequence fills, the narrowest counts
SELECT /* basira */
    clock.at AS at,
    n.nspname::text AS schema_name,
    c.relname::text AS sequence_name,
    pg_catalog.format_type(s.seqtypid, NULL)::text AS data_type,
    s.seqincrement::int8 AS increment,
    s.seqcycle::bool AS cycle,
    s.seqmin::int8 AS min_value,
    s.seqmax::int8 AS max_value,
    CASE WHEN access.readable AND NOT access.locked THEN pg_catalog.pg_sequence_last_value(c.oid) END::int8 AS last_value,
    access.readable::bool AS readable,
    access.locked::bool AS locked,
    filled.table_schema::text AS table_schema,
    filled.table_name::text AS table_name,
    filled.column_name::text AS column_name,
    filled.column_type::text AS column_type
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS clock
LEFT JOIN (
    pg_catalog.pg_sequence AS s
    JOIN pg_catalog.pg_class AS c
      ON c.oid = s.seqrelid
      AND c.relpersistence <> 't'
      AND NOT (c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery())
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT
            pg_catalog.has_sequence_privilege(c.oid, 'SELECT, USAGE') AS readable,
            EXISTS (
                SELECT 1
                FROM pg_catalog.pg_locks AS l
                WHERE l.locktype = 'relation'
                  AND l.relation = c.oid
                  AND l.mode IN ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock')
            ) AS locked
    ) AS access
    LEFT JOIN LATERAL (
        SELECT
            m.nspname AS table_schema,
            t.relname AS table_name,
            a.attname AS column_name,
            pg_catalog.format_type(a.atttypid, NULL) AS column_type
        FROM (
            SELECT d.refobjid AS relid, d.refobjsubid AS number
            FROM pg_catalog.pg_depend AS d
            WHERE d.classid = 'pg_catalog.pg_class'::regclass
              AND d.objid = c.oid
              AND d.refclassid = 'pg_catalog.pg_class'::regclass
              AND d.refobjsubid > 0
              AND d.deptype IN ('a', 'i')
            UNION
            SELECT f.adrelid, f.adnum
            FROM pg_catalog.pg_depend AS d
            JOIN pg_catalog.pg_attrdef AS f ON f.oid = d.objid
            WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass
              AND d.refclassid = 'pg_catalog.pg_class'::regclass
              AND d.refobjid = c.oid
        ) AS used
        JOIN pg_catalog.pg_class AS t ON t.oid = used.relid
        JOIN pg_catalog.pg_namespace AS m ON m.oid = t.relnamespace
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = used.relid AND a.attnum = used.number
        ORDER BY CASE a.atttypid WHEN 'int2'::regtype THEN 1 WHEN 'int4'::regtype THEN 2 ELSE 3 END, t.relname
        LIMIT 1
    ) AS filled ON true
) ON true
