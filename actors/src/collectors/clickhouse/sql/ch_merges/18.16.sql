-- source: system.merges, ClickHouse 18.16; needs SELECT on it, and SHOW TABLES on the tables that are to be seen
SELECT /* basira */
    hostName() AS host_name,
    m.database AS database_name,
    m.table AS table_name,
    toInt64(m.elapsed * 1000) AS elapsed_ms,
    toFloat64(m.progress * 100) AS progress_pct,
    toInt64(m.num_parts) AS part_count,
    toInt64(m.total_size_bytes_compressed) AS compressed_bytes,
    toInt64(m.bytes_read_uncompressed) AS read_bytes,
    toInt64(m.rows_read) AS read_rows,
    toInt64(m.rows_written) AS written_rows,
    toInt64(m.memory_usage) AS memory_bytes,
    toInt64(m.is_mutation) AS of_mutation,
    m.merge_type AS kind,
    m.result_part_name AS result_part
FROM system.merges AS m
ORDER BY elapsed_ms DESC
