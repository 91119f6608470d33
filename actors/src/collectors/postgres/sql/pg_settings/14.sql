-- source: pg_settings, PostgreSQL 14; needs pg_read_all_settings to see those for superusers
SELECT /* basira */
    pg_catalog.clock_timestamp() AS at,
    s.name::text AS name,
    s.setting::text AS setting,
    s.unit::text AS unit,
    s.category::text AS category,
    s.short_desc::text AS description,
    s.context::text AS context,
    s.vartype::text AS vartype,
    s.source::text AS source,
    s.sourcefile::text AS source_file,
    s.boot_val::text AS boot_val,
    s.reset_val::text AS reset_val,
    s.pending_restart::bool AS pending_restart,
    pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE')::bool AS all_visible
FROM pg_catalog.pg_settings AS s
ORDER BY s.name
