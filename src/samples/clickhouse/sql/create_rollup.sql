-- One stream in buckets of time. A row with `head` stands for one record: its series is the record's end.
CREATE TABLE IF NOT EXISTS $table (
    organization UUID CODEC(ZSTD(1)),
    database UUID CODEC(ZSTD(1)),
    day Int64 CODEC(ZSTD(1)),
    head Bool CODEC(ZSTD(1)),
    series UInt64 CODEC(ZSTD(1)),
    bucket Int64 CODEC(Delta, ZSTD(1)),
    from_ms SimpleAggregateFunction(min, Int64) CODEC(Delta, ZSTD(1)),
    at_ms SimpleAggregateFunction(max, Int64) CODEC(Delta, ZSTD(1)),
    $columns
) ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (organization, database, head, series, bucket)
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1
