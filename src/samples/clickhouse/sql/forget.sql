-- Everything of a deleted database.
DELETE FROM $table
WHERE organization = {organization:UUID} AND database = {database:UUID}
SETTINGS lightweight_deletes_sync = 2
