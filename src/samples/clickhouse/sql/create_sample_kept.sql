-- The first day that each resolution still has: what is before it was dropped, and later rows of it do not count.
CREATE TABLE IF NOT EXISTS sample_kept (
    resolution LowCardinality(String),
    day SimpleAggregateFunction(max, Int64)
) ENGINE = AggregatingMergeTree
ORDER BY resolution
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
