-- What each database has in one table; counted over the key alone.
SELECT toString(organization), toString(database), count(), toInt64(min(at_ms)), toInt64(max(at_ms))
FROM $table
WHERE head = false
GROUP BY organization, database
SETTINGS optimize_aggregation_in_order = 1
