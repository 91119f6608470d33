-- The first day that each resolution still has, where anything was dropped.
SELECT toString(resolution), max(day) FROM sample_kept GROUP BY resolution
