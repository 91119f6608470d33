-- Which records of one stream have arrived, whenever that was.
SELECT toString(database), at_ms
FROM $table
WHERE head = true AND day IN ($days) AND ($records)
