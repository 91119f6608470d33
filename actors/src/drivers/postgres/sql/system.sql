-- source: pg_control_system(), PostgreSQL 14; needs nothing, unless EXECUTE was revoked
SELECT /* basira */
    s.system_identifier::int8 AS system_identifier
FROM pg_catalog.pg_control_system() AS s
