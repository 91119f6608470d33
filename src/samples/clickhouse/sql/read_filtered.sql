-- Records as they came, or buckets of one series, which count as one record each; each is compared with the window.
-- Records that are still in the local tail are counted there.
SELECT series, min(from_ms), max(at_ms)$columns
FROM $table$final
WHERE organization = {organization:UUID} AND database = {database:UUID} AND head = false
    AND $days AND $series
    AND at_ms > {since:Int64} AND at_ms <= {until:Int64} AND $shipped
GROUP BY series, $bucket
