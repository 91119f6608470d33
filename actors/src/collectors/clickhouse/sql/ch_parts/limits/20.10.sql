-- source: system.merge_tree_settings and system.replicated_merge_tree_settings, ClickHouse 20.10; needs SELECT on both
SELECT /* basira */
    hostName() AS host_name,
    0 AS of_replicated,
    s.name AS setting_name,
    s.value AS setting_value,
    toInt64(toUnixTimestamp(now())) * 1000000 AS at
FROM system.merge_tree_settings AS s
WHERE s.name IN ('parts_to_delay_insert', 'parts_to_throw_insert')
UNION ALL
SELECT
    hostName() AS host_name,
    1 AS of_replicated,
    r.name AS setting_name,
    r.value AS setting_value,
    toInt64(toUnixTimestamp(now())) * 1000000 AS at
FROM system.replicated_merge_tree_settings AS r
WHERE r.name IN ('parts_to_delay_insert', 'parts_to_throw_insert')
