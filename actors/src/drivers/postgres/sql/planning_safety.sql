-- source: pg_proc, pg_depend and the catalogs of what can depend on a function, PostgreSQL 14; needs nothing
-- whether planning a statement could run code that is not built in: the planner evaluates functions that are not volatile,
-- the parser checks domains, and estimates call the functions of operators, each with the privileges of our role.
-- $1: every name in the statement, $2: those that may be names of functions. Functions in C are trusted, because only a
-- superuser can create them; foreign tables are not, because their server may be queried for estimates
WITH RECURSIVE written AS (
    SELECT p.oid, (p.provolatile <> 'v' OR p.prolang = 14) AS is_planned
    FROM pg_catalog.pg_proc AS p
    WHERE p.oid >= 16384 AND p.prolang NOT IN (12, 13)
),
reachable (classid, objid) AS (
    (SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::oid, w.oid FROM written AS w WHERE w.is_planned
    UNION ALL
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::oid, c.contypid
    FROM written AS w
    JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid = w.oid
    JOIN pg_catalog.pg_constraint AS c ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND c.oid = d.objid
    WHERE c.contypid <> 0
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, f.ftrelid FROM pg_catalog.pg_foreign_table AS f)
    UNION
    SELECT next.classid, next.objid
    FROM reachable AS r
    CROSS JOIN LATERAL (
        -- objects that depend on it and are used in statements; not triggers, which planning does not run
        SELECT d.classid, d.objid
        FROM pg_catalog.pg_depend AS d
        WHERE d.refclassid = r.classid AND d.refobjid = r.objid AND d.classid IN (
            'pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass,
            'pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_rewrite'::pg_catalog.regclass,
            'pg_catalog.pg_policy'::pg_catalog.regclass, 'pg_catalog.pg_attrdef'::pg_catalog.regclass,
            'pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass,
            'pg_catalog.pg_operator'::pg_catalog.regclass, 'pg_catalog.pg_cast'::pg_catalog.regclass
        )
        -- and the objects that it is a part of
        UNION ALL
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, w.ev_class FROM pg_catalog.pg_rewrite AS w
        WHERE r.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = r.objid
        UNION ALL
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, p.polrelid FROM pg_catalog.pg_policy AS p
        WHERE r.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = r.objid
        UNION ALL
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, a.adrelid FROM pg_catalog.pg_attrdef AS a
        WHERE r.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = r.objid
        UNION ALL
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, c.conrelid FROM pg_catalog.pg_constraint AS c
        WHERE r.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND c.oid = r.objid
            AND c.contype = 'c' AND c.conrelid <> 0
        UNION ALL
        SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::oid, c.contypid FROM pg_catalog.pg_constraint AS c
        WHERE r.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND c.oid = r.objid AND c.contypid <> 0
        UNION ALL
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, s.stxrelid FROM pg_catalog.pg_statistic_ext AS s
        WHERE r.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass AND s.oid = r.objid
        UNION ALL
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, i.indrelid FROM pg_catalog.pg_index AS i
        WHERE r.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indexrelid = r.objid
        UNION ALL
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, h.inhparent FROM pg_catalog.pg_inherits AS h
        WHERE r.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND h.inhrelid = r.objid
    ) AS next
)
SELECT /* basira */
    (
        EXISTS (
            SELECT FROM pg_catalog.pg_operator AS o
            JOIN written AS w ON w.oid IN (o.oprcode, o.oprrest, o.oprjoin)
        )
        OR EXISTS (
            SELECT FROM reachable AS r
            LEFT JOIN pg_catalog.pg_proc AS p
                ON r.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = r.objid
            LEFT JOIN pg_catalog.pg_class AS c
                ON r.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = r.objid
            LEFT JOIN pg_catalog.pg_type AS t
                ON r.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = r.objid
            -- an operator or a cast may be used without its name
            WHERE r.classid IN ('pg_catalog.pg_operator'::pg_catalog.regclass, 'pg_catalog.pg_cast'::pg_catalog.regclass)
                OR p.proname::text = ANY ($2::text[])
                OR c.relname::text = ANY ($1::text[])
                OR t.typname::text = ANY ($1::text[])
        )
    )::bool AS is_reachable
