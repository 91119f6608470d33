-- source: system.query_log, ClickHouse 21.3; needs SELECT on it
-- what ended in a span, in slices of 10 s; a slice only ever grows, when rows come late
-- durations fall into buckets: whole milliseconds up to 50, then 2 % apart
SELECT /* basira */
    hostName() AS host_name,
    toInt64(intDiv(toUnixTimestamp64Micro(q.event_time_microseconds), 10000000)) AS slice,
    q.user AS user_name,
    q.current_database AS database_name,
    toInt64(q.normalized_query_hash) AS hash,
    toString(q.query_kind) AS kind,
    toInt64(count()) AS calls,
    toInt64(sum(q.query_duration_ms)) * 1000 AS total_time_us,
    toInt64(sum(q.result_rows)) AS result_rows,
    toInt64(sum(q.result_bytes)) AS result_bytes,
    toInt64(sum(q.read_rows)) AS read_rows,
    toInt64(sum(q.read_bytes)) AS read_bytes,
    toInt64(sum(q.written_rows)) AS written_rows,
    toInt64(sum(q.written_bytes)) AS written_bytes,
    toInt64(sum(q.memory_usage)) AS memory_bytes,
    toInt64(sum(q.ProfileEvents['OSCPUVirtualTimeMicroseconds'])) AS cpu_time_us,
    toInt64(countIf(q.type > 2)) AS exceptions,
    toInt64(max(q.query_duration_ms)) * 1000 AS max_time_us,
    toInt64(max(q.memory_usage)) AS peak_memory_bytes,
    tupleElement(sumMap([if(q.query_duration_ms <= 50, toUInt32(q.query_duration_ms), toUInt32(50 + ceil(log(q.query_duration_ms / 50) / log(1.02))))], [toUInt64(1)]) AS durations, 1) AS buckets,
    tupleElement(durations, 2) AS bucket_counts,
    tupleElement(sumMapIf([toInt32(q.exception_code)], [toUInt64(1)], q.type > 2) AS codes, 1) AS exception_codes,
    tupleElement(codes, 2) AS exception_counts
FROM system.query_log AS q
WHERE q.event_date >= toDate(toDateTime(intDiv(?, 1000000))) - 1
  AND q.event_time >= toDateTime(intDiv(?, 1000000))
  AND q.event_time_microseconds > fromUnixTimestamp64Micro(?)
  AND q.event_time_microseconds <= fromUnixTimestamp64Micro(?)
  AND q.type > 1
  AND q.is_initial_query = 1
  AND substring(q.initial_query_id, 1, 7) != 'basira-'
GROUP BY host_name, slice, user_name, database_name, hash, kind
