-- What our tables take on disk, by day.
SELECT table, partition_id, toInt64(any(partition)), sum(bytes_on_disk), count()
FROM system.parts
WHERE database = {name:String} AND active AND table IN ($tables)
GROUP BY table, partition_id
