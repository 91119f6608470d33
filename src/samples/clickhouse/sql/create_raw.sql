-- Records of one stream as they came. A row with `head` stands for a record itself: its series is the record's end.
CREATE TABLE IF NOT EXISTS $table (
    organization UUID CODEC(ZSTD(1)),
    database UUID CODEC(ZSTD(1)),
    day Int64 CODEC(ZSTD(1)),
    head Bool CODEC(ZSTD(1)),
    series UInt64 CODEC(ZSTD(1)),
    from_ms Int64 CODEC(Delta, ZSTD(1)),
    at_ms Int64 CODEC(Delta, ZSTD(1)),
    $columns,
    INDEX from_ms from_ms TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY day
ORDER BY (organization, database, head, series, at_ms)
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1
