import type { Schemas } from '@/api/client'
import { largest, plotOf, sum, type Plot } from '@/charts/series'
import type { Gap } from '@/charts/gaps'
import type { UnitName } from '@/text/units'

type Point = Schemas['TablePoint']
type Line = [name: string, token: string, read: (point: Point) => number | null | undefined]

export interface TableChart {
  title: string
  note?: string
  unit: UnitName
  plot: Plot
}

/** The charts of a table: what changes it, how it is read, how large it is. */
export function tableCharts(engine: Schemas['Engine'], table: Schemas['TableDetail'], gaps: Gap[]): TableChart[] {
  const seconds = table.bucket_seconds
  const chart = (title: string, unit: UnitName, lines: Line[], how: 'rate' | 'level', note?: string): TableChart => ({
    title,
    unit,
    note: note ?? (how === 'rate' ? 'per second' : undefined),
    plot: plotOf(
      table.timeseries,
      gaps,
      lines.map(([name, token, read]) => ({
        name,
        token,
        read: (points) => {
          if (how === 'level') return largest(points, read)
          const total = sum(points, read)
          return total === null ? null : total / seconds
        }
      }))
    )
  })
  if (engine === 'clickhouse') {
    const note = 'stored when it changes'
    return [
      chart('Size', 'bytes', [['on disk', '--io', (point) => point.bytes_on_disk]], 'level', note),
      chart('Rows', 'count', [['rows', '--cpu', (point) => point.rows]], 'level', note),
      chart('Parts', 'count', [['active', '--lwlock', (point) => point.active_parts], ['fullest partition', '--lock', (point) => point.max_parts_in_partition]], 'level', note)
    ]
  }
  return [
    chart('Size', 'bytes', [['size', '--io', (point) => point.table_size_bytes]], 'level'),
    chart('Rows', 'count', [['live', '--cpu', (point) => point.n_live_tup], ['dead', '--lock', (point) => point.n_dead_tup]], 'level'),
    chart('Changes', 'count', [['inserted', '--cpu', (point) => point.n_tup_ins], ['updated', '--lwlock', (point) => point.n_tup_upd], ['deleted', '--lock', (point) => point.n_tup_del]], 'rate'),
    chart('Scans', 'count', [['sequential', '--lock', (point) => point.seq_scan], ['by index', '--io', (point) => point.idx_scan]], 'rate'),
    chart('Blocks', 'count', [['hit', '--cpu', (point) => point.heap_blks_hit], ['read', '--io', (point) => point.heap_blks_read]], 'rate')
  ]
}
