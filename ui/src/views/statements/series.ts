import type { Schemas } from '@/api/client'
import { plotOf, sum, type Plot } from '@/charts/series'
import type { Gap } from '@/charts/gaps'
import type { UnitName } from '@/text/units'

type Point = Schemas['QueryPoint']
type Line = [name: string, token: string, read: (point: Point) => number | null | undefined]

interface ChartDefinition {
  title: string
  note?: string
  unit: UnitName
  lines: Line[]
}

const block = 8192
const perBucket = (seconds: number, read: (point: Point) => number | null | undefined) => (point: Point) => {
  const value = read(point)
  return value === null || value === undefined ? null : value / seconds
}

/** The charts of a statement: all that its engine counts. */
function definitions(engine: Schemas['Engine'], seconds: number): ChartDefinition[] {
  const rate = (read: (point: Point) => number | null | undefined) => perBucket(seconds, read)
  const common: ChartDefinition[] = [
    { title: 'Load', note: 'average sessions at work on it', unit: 'load', lines: [['load', '--cpu', rate((point) => (point.total_time_ms ?? 0) / 1000)]] },
    { title: 'Calls', note: 'per second', unit: 'count', lines: [['calls', '--io', rate((point) => point.calls)]] }
  ]
  if (engine === 'clickhouse') {
    return [
      ...common,
      { title: 'Duration', unit: 'ms', lines: [['p50', '--cpu', (point) => point.p50_ms], ['p95', '--lwlock', (point) => point.p95_ms], ['p99', '--lock', (point) => point.p99_ms]] },
      { title: 'Rows', note: 'per second', unit: 'count', lines: [['read', '--io', rate((point) => point.read_rows)], ['written', '--lock', rate((point) => point.written_rows)], ['answered', '--cpu', rate((point) => point.rows)]] },
      { title: 'Bytes', note: 'per second', unit: 'bytes', lines: [['read', '--io', rate((point) => point.read_bytes)], ['written', '--lock', rate((point) => point.written_bytes)]] },
      { title: 'Memory of a call', unit: 'bytes', lines: [['mean', '--ipc', (point) => point.memory_usage], ['most', '--lock', (point) => point.peak_memory_bytes]] },
      { title: 'Failed', note: 'per second', unit: 'count', lines: [['failed', '--lock', rate((point) => point.exceptions)]] }
    ]
  }
  return [
    ...common,
    { title: 'Time of a call', unit: 'ms', lines: [['mean', '--cpu', (point) => point.mean_time_ms]] },
    { title: 'Rows', note: 'per second', unit: 'count', lines: [['rows', '--cpu', rate((point) => point.rows)]] },
    { title: 'Blocks', note: 'bytes per second', unit: 'bytes', lines: [['hit', '--cpu', rate((point) => (point.shared_blks_hit ?? 0) * block)], ['read', '--io', rate((point) => (point.shared_blks_read ?? 0) * block)], ['dirtied', '--lock', rate((point) => (point.shared_blks_dirtied ?? 0) * block)]] },
    { title: 'Temporary files', note: 'bytes per second', unit: 'bytes', lines: [['read', '--io', rate((point) => (point.temp_blks_read ?? 0) * block)], ['written', '--lock', rate((point) => (point.temp_blks_written ?? 0) * block)]] },
    { title: 'WAL', note: 'bytes per second', unit: 'bytes', lines: [['WAL', '--lwlock', rate((point) => point.wal_bytes)]] },
    { title: 'Time on blocks', note: 'ms per second; needs track_io_timing', unit: 'ms', lines: [['read', '--io', rate((point) => point.blk_read_time_ms)], ['written', '--lock', rate((point) => point.blk_write_time_ms)]] }
  ]
}

export interface StatementChart extends ChartDefinition {
  plot: Plot
}

/** The charts with something to show: what was never anything but zero is left out, but for the first three. */
export function statementCharts(detail: Schemas['QueryDetail'], gaps: Gap[]): StatementChart[] {
  return definitions(detail.engine, detail.bucket_seconds)
    .map((chart) => ({
      ...chart,
      plot: plotOf(detail.timeseries, gaps, chart.lines.map(([name, token, read]) => ({ name, token, read: (rows) => sum(rows, read) })))
    }))
    .filter((chart, index) => index < 3 || chart.plot.series.some(({ values }) => values.some((value) => (value ?? 0) > 0)))
}
