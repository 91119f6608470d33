-- source: system.settings, ClickHouse 18.16; needs nothing
SELECT /* basira */
    s.name AS setting_name,
    toString(s.value) AS setting_value
FROM system.settings AS s
WHERE s.name IN (
    'readonly', 'max_execution_time', 'log_comment', 'use_query_cache', 'cancel_http_readonly_queries_on_client_close',
    'skip_unavailable_shards', 'connections_with_failover_max_tries', 'connect_timeout_with_failover_ms',
    'handshake_timeout_ms', 'receive_timeout',
    'max_result_rows', 'max_result_bytes', 'result_overflow_mode', 'max_rows_to_read', 'max_bytes_to_read',
    'additional_result_filter', 'additional_table_filters', 'aggregate_functions_null_for_empty', 'cast_keep_nullable',
    'dialect', 'distinct_overflow_mode', 'empty_result_for_aggregation_by_empty_set', 'extremes', 'final',
    'force_index_by_date', 'force_primary_key', 'group_by_overflow_mode', 'group_by_use_nulls',
    'http_write_exception_in_output_format', 'join_overflow_mode', 'join_use_nulls', 'limit', 'max_bytes_in_distinct',
    'max_bytes_in_join', 'max_bytes_in_set', 'max_bytes_to_sort', 'max_columns_to_read', 'max_network_bytes',
    'max_rows_in_distinct', 'max_rows_in_join', 'max_rows_in_set', 'max_rows_to_group_by', 'max_rows_to_sort',
    'max_temporary_columns', 'max_temporary_non_const_columns', 'min_execution_speed', 'offset', 'read_overflow_mode',
    'send_progress_in_http_headers', 'session_timezone', 'set_overflow_mode', 'timeout_overflow_mode',
    'transform_null_in'
)
