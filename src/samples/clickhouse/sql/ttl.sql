-- The last resort, when no Basira has run for long: normally whole days are dropped long before.
ALTER TABLE $table MODIFY TTL toDateTime(greatest(0, least(day, 40000)) * 86400) + INTERVAL $days DAY
