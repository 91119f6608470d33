-- source: system.disks, ClickHouse 19.15; needs SELECT on it
-- a disk without an end, such as a bucket, has the largest number for both sizes: negative as a signed one
SELECT /* basira */
    hostName() AS host_name,
    d.name AS disk_name,
    d.path AS disk_path,
    toString(d.type) AS disk_type,
    toInt64(d.free_space) AS free_bytes,
    toInt64(d.total_space) AS total_bytes
FROM system.disks AS d
