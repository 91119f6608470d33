import type { Schemas } from '@/api/client'
import { bytes, count, percent } from '@/text/units'
import { duration } from '@/time/format'

type Detail = Schemas['QueryDetail']
type Total = [label: string, value: string]

const block = 8192
const ofBlocks = (value: number | null | undefined) => (value === null || value === undefined ? null : bytes(value * block))
const given = (label: string, value: number | null | undefined, write: (value: number) => string): Total | null =>
  value === null || value === undefined ? null : [label, write(value)]

/** All that is known of a statement over the window, as labels and texts; what the engine or version does not count is left out. */
export function totalsOf(detail: Detail): Total[] {
  const totals: (Total | null)[] = [
    given('Calls', detail.total_calls, count),
    given('Time', detail.total_time_ms, duration),
    given('Mean', detail.mean_time_ms, duration),
    given('Shortest', detail.min_time_ms, duration),
    given('Longest', detail.max_time_ms, duration),
    given('Deviation', detail.stddev_time_ms, duration),
    given('p50', detail.p50_ms, duration),
    given('p95', detail.p95_ms, duration),
    given('p99', detail.p99_ms, duration),
    given('CPU time', detail.cpu_time_ms, duration),
    given('Rows', detail.total_rows, count),
    given('Rows read', detail.read_rows, count),
    given('Bytes read', detail.read_bytes, bytes),
    given('Rows written', detail.written_rows, count),
    given('Bytes written', detail.written_bytes, bytes),
    given('Memory of a call', detail.memory_usage, bytes),
    given('Most memory', detail.peak_memory_bytes, bytes),
    given('Failed', detail.exceptions, count),
    given('Cache hits', detail.cache_hit_ratio, (ratio) => percent(ratio * 100)),
    given('Blocks hit', detail.shared_blks_hit, (value) => ofBlocks(value) ?? ''),
    given('Blocks read', detail.shared_blks_read, (value) => ofBlocks(value) ?? ''),
    given('Blocks dirtied', detail.shared_blks_dirtied, (value) => ofBlocks(value) ?? ''),
    given('Temporary read', detail.temp_blks_read, (value) => ofBlocks(value) ?? ''),
    given('Temporary written', detail.temp_blks_written, (value) => ofBlocks(value) ?? ''),
    given('WAL', detail.wal_bytes, bytes),
    given('Planned', detail.plans, count),
    given('Planning time', detail.plan_time_ms, duration),
    given('JIT time', detail.jit_time_ms, duration)
  ]
  return totals.filter((total): total is Total => total !== null)
}
