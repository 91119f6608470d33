import type { Schemas } from '@/api/client'
import type { Reading } from '@/api/read'
import { scoreTone } from '@/text/severity'
import { bytes, count, percent, unknown, written } from '@/text/units'
import { duration } from '@/time/format'

/** A figure with where it comes from. */
export interface Figure {
  label: string
  value: string
  /** What it is of, or in. */
  more?: string
  tone?: string
  source?: string
  reading?: Omit<Reading<unknown>, 'data'>
}

type Of<T> = Reading<T> | undefined

export function scoreFigure(doctor: Of<Schemas['Doctor']>, history: Of<Schemas['HealthPoint'][]>): Figure {
  const score = doctor?.data.score
  const first = history?.data.find((point) => point.score !== null)?.score
  return {
    label: 'Score',
    value: score === null || score === undefined ? unknown : String(score),
    more: first === null || first === undefined || first === score ? 'of 100' : `was ${first}`,
    tone: scoreTone(score),
    source: 'the rules of health',
    reading: doctor
  }
}

export function loadFigure(load: number | null, cpus: number | null, reading: Figure['reading']): Figure {
  return {
    label: 'Load',
    value: written(load, 'load'),
    more: cpus === null ? 'sessions' : `of ${cpus} CPUs`,
    tone: load !== null && cpus !== null && load > cpus ? 'bad' : '',
    source: 'waits as sampled, the mean over the window',
    reading
  }
}

/** The sum over databases and moments of what is known. */
export function totalOf(rows: Schemas['DatabaseStats'][], read: (row: Schemas['DatabaseStats']) => number | null): number | null {
  const known = rows.map(read).filter((value): value is number => value !== null)
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null
}

export function postgresFigures(
  stats: Of<Schemas['DatabaseStats'][]>,
  connections: Of<Schemas['Connections']>,
  replication: Of<Schemas['Replication']>
): Figure[] {
  const rows = stats?.data ?? []
  const commits = totalOf(rows, (row) => row.commits)
  const activeMs = totalOf(rows, (row) => row.active_time_ms)
  const hit = totalOf(rows, (row) => row.blks_hit)
  const read = totalOf(rows, (row) => row.blks_read)
  const perSecond = totalOf(rows, (row) => row.tps)
  const now = connections?.data.now
  const source = 'pg_stat_database, all databases of the server'
  return [
    { label: 'Transactions', value: count(perSecond === null ? null : Number(perSecond.toPrecision(3))), more: '/s', source, reading: stats },
    { label: 'Per transaction', value: activeMs === null || !commits ? unknown : duration(activeMs / commits), source, reading: stats },
    {
      label: 'Connections',
      value: count(now?.total),
      more: now ? `of ${count(now.max_connections)}` : undefined,
      tone: (now?.used_pct ?? 0) >= 80 ? 'warn' : '',
      source: 'pg_stat_activity',
      reading: connections
    },
    { label: 'Cache hits', value: hit === null || read === null || hit + read === 0 ? unknown : percent((100 * hit) / (hit + read)), source, reading: stats },
    replicationFigure(replication)
  ]
}

function replicationFigure(replication: Of<Schemas['Replication']>): Figure {
  const found = replication?.data
  const standbys = found?.standbys ?? []
  const base = { source: 'pg_stat_replication, pg_stat_wal_receiver', reading: replication }
  if (found?.is_replica) return { ...base, label: 'Lag', value: written(found.replication_lag_seconds, 'seconds') }
  if (standbys.length === 0) return { ...base, label: 'Standbys', value: found ? '0' : unknown }
  const lag = Math.max(...standbys.map((standby) => standby.replay_lag_seconds ?? 0))
  return { ...base, label: 'Standby lag', value: written(lag, 'seconds'), more: `the worst of ${standbys.length}` }
}

export function clickhouseFigures(
  server: Of<Schemas['ServerMetrics']>,
  overview: Of<Schemas['Overview']>,
  parts: Of<Schemas['Part'][]>
): Figure[] {
  const { queries, memory } = server?.data ?? {}
  const fullest = (parts?.data ?? []).reduce<Schemas['Part'] | null>(
    (worst, part) => (worst === null || part.max_parts_in_partition > worst.max_parts_in_partition ? part : worst),
    null
  )
  const source = 'system.metrics, system.events'
  return [
    { label: 'Queries', value: count(queries?.per_second), more: '/s', source, reading: server },
    { label: 'p99', value: duration(overview?.data.query_p99_ms), more: '1 h', source: 'system.query_log', reading: overview },
    { label: 'Running', value: count(queries?.running), source, reading: server },
    {
      label: 'Memory',
      value: bytes(memory?.tracked_bytes),
      more: memory?.limit_bytes ? `of ${bytes(memory.limit_bytes)}` : undefined,
      source,
      reading: server
    },
    { label: 'Merges', value: count(overview?.data.active_merges), source: 'system.merges', reading: overview },
    {
      label: 'Parts, fullest',
      value: count(fullest?.max_parts_in_partition),
      more: fullest?.parts_to_throw_insert ? `of ${count(fullest.parts_to_throw_insert)} ` : undefined,
      source: 'system.parts',
      reading: parts
    }
  ]
}
