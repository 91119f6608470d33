-- source: system.merge_tree_settings, ClickHouse 18.16; needs SELECT on it
SELECT /* basira */
    hostName() AS host_name,
    0 AS of_replicated,
    s.name AS setting_name,
    s.value AS setting_value,
    toInt64(toUnixTimestamp(now())) * 1000000 AS at
FROM system.merge_tree_settings AS s
WHERE s.name IN ('parts_to_delay_insert', 'parts_to_throw_insert')
