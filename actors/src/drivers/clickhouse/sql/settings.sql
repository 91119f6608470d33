-- source: system.settings, ClickHouse 18.16; needs nothing
SELECT /* basira */
    s.name AS setting_name,
    toString(s.value) AS setting_value
FROM system.settings AS s
WHERE s.name IN (
    'readonly', 'max_execution_time', 'log_comment', 'use_query_cache', 'cancel_http_readonly_queries_on_client_close',
    'skip_unavailable_shards', 'connections_with_failover_max_tries', 'connect_timeout_with_failover_ms',
    'handshake_timeout_ms', 'receive_timeout'
)
