-- Days that lie wholly inside the window: all of them counts.
SELECT series, min(from_ms), max(at_ms)$columns
FROM $table
WHERE organization = {organization:UUID} AND database = {database:UUID} AND head = false
    AND $days AND $series
GROUP BY series, $bucket
