-- source: system.parts, ClickHouse 18.16; needs SELECT on it, and SHOW TABLES on the tables that are to be seen
SELECT /* basira */
    node_name AS host_name,
    database_name AS database_name,
    table_name AS table_name,
    any(engine_name) AS engine,
    toInt64(count()) AS partitions,
    toInt64(sum(part_count)) AS active_parts,
    toInt64(sum(row_count)) AS table_rows,
    toInt64(sum(disk_bytes)) AS table_bytes,
    toInt64(sum(compressed_bytes)) AS table_compressed_bytes,
    toInt64(sum(uncompressed_bytes)) AS table_uncompressed_bytes,
    toInt64(max(part_count)) AS max_parts_in_partition,
    argMax(partition_name, part_count) AS fullest_partition,
    toInt64(max(newest)) * 1000000 AS modified_at
FROM
(
    SELECT
        hostName() AS node_name,
        p.database AS database_name,
        p.table AS table_name,
        p.partition_id AS partition_name,
        any(p.engine) AS engine_name,
        count() AS part_count,
        sum(p.rows) AS row_count,
        sum(p.bytes_on_disk) AS disk_bytes,
        sum(p.data_compressed_bytes) AS compressed_bytes,
        sum(p.data_uncompressed_bytes) AS uncompressed_bytes,
        max(toUnixTimestamp(p.modification_time)) AS newest
    FROM system.parts AS p
    WHERE p.active = 1 AND p.database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
    GROUP BY node_name, database_name, table_name, partition_name
)
GROUP BY node_name, database_name, table_name
