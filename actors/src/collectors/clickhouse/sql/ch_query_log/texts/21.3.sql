-- source: system.query_log, ClickHouse 21.3; needs SELECT on it
-- one text of each statement that was not seen before
SELECT /* basira */
    toInt64(q.normalized_query_hash) AS hash,
    substring(any(q.query), 1, 65536) AS query_text
FROM system.query_log AS q
WHERE q.event_date >= toDate(toDateTime(intDiv(?, 1000000))) - 1
  AND q.event_time >= toDateTime(intDiv(?, 1000000))
  AND q.event_time <= toDateTime(intDiv(?, 1000000))
  AND q.type > 1
  AND q.is_initial_query = 1
  AND has(arrayMap(h -> toInt64(h), splitByChar(',', ?)), toInt64(q.normalized_query_hash))
GROUP BY hash
