-- source: system.settings, ClickHouse 18.16; needs SELECT on it
SELECT /* basira */
    hostName() AS host_name,
    s.name AS setting_name,
    toString(s.value) AS setting_value,
    toInt64(s.changed) AS is_changed,
    toString(s.default) AS default_value,
    if(s.changed, substring(s.description, 1, 300), '') AS description,
    toString(s.type) AS value_type,
    if(s.readonly, 'constrained', 'session') AS context
FROM system.settings AS s
