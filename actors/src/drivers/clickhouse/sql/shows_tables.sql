-- source: CHECK GRANT, ClickHouse 25.1; needs nothing
CHECK GRANT SHOW TABLES ON *.*
