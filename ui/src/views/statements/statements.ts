import type { RouteLocationNamedRaw } from 'vue-router'
import type { Schemas } from '@/api/client'
import type { Column } from '@/text/columns'
import { toneOfChange } from '../database/rank'

type Query = Schemas['Query']

/** A statement with the same statement in the window compared with, and what rates are over. */
export interface StatementRow {
  query: Query
  before: Query | null
  /** Milliseconds that were watched. */
  watchedMs: number
  /** Of the time of all statements in the list. */
  share: number
}

export function statementRows(queries: Query[], before: Query[], watchedMs: number): StatementRow[] {
  const all = queries.reduce((sum, query) => sum + (query.total_time_ms ?? 0), 0)
  const earlier = new Map(before.map((query) => [query.query_hash, query]))
  return queries.map((query) => ({
    query,
    watchedMs,
    before: earlier.get(query.query_hash) ?? null,
    share: all > 0 ? (query.total_time_ms ?? 0) / all : 0
  }))
}

/** By how many per cent a figure differs from before; null where it cannot be told. */
export function changePct(row: StatementRow, read: (query: Query) => number | null): number | null {
  const [before, after] = [row.before && read(row.before), read(row.query)]
  return before && after !== null ? (after / before - 1) * 100 : null
}

const target = (row: StatementRow): RouteLocationNamedRaw => ({ name: 'statement', params: { hash: row.query.query_hash } })
const perSecond = (row: StatementRow, value: number | null | undefined) =>
  value === null || value === undefined || row.watchedMs <= 0 ? null : value / (row.watchedMs / 1000)

type StatementColumn = Column<StatementRow> & { engine?: Schemas['Engine'] }

const of = (key: keyof Query & string, title: string, unit: Column<StatementRow>['unit'], engine?: Schemas['Engine']): StatementColumn => ({
  key,
  title,
  unit,
  engine,
  value: (row) => row.query[key] as number | null | undefined
})

/** All columns that there are, in their order. */
export const statementColumns: StatementColumn[] = [
  { key: 'text', title: 'Statement', mono: true, wide: true, value: (row) => row.query.query_text ?? row.query.query_hash, to: target },
  { key: 'kind', title: 'Kind', engine: 'clickhouse', value: (row) => row.query.kind },
  { key: 'load', title: 'Load', unit: 'load', hint: 'average sessions at work on it', value: (row) => (perSecond(row, row.query.total_time_ms) ?? 0) / 1000 },
  { key: 'share', title: 'Share', unit: 'ratio', hint: 'of the time of these statements', value: (row) => row.share },
  { key: 'trend', title: 'Trend', hint: 'its time over the window', value: (row) => row.query.total_time_ms },
  of('total_time_ms', 'Time', 'ms'),
  of('total_calls', 'Calls', 'count'),
  { key: 'rate', title: 'Calls /s', unit: 'count', value: (row) => perSecond(row, row.query.total_calls) },
  of('mean_time_ms', 'Mean', 'ms'),
  of('p50_ms', 'p50', 'ms', 'clickhouse'),
  of('p95_ms', 'p95', 'ms', 'clickhouse'),
  of('p99_ms', 'p99', 'ms', 'clickhouse'),
  {
    key: 'meanChange', title: 'Mean vs before', unit: 'pct', value: (row) => changePct(row, (query) => query.mean_time_ms),
    tone: (row) => toneOfChange(row.before?.mean_time_ms ?? null, row.query.mean_time_ms)
  },
  { key: 'callsChange', title: 'Calls vs before', unit: 'pct', value: (row) => changePct(row, (query) => query.total_calls) },
  of('total_rows', 'Rows', 'count'),
  { key: 'rowsPerCall', title: 'Rows /call', unit: 'count', value: (row) => (row.query.total_calls ? (row.query.total_rows ?? 0) / row.query.total_calls : null) },
  of('shared_blks_hit', 'Blocks hit', 'count', 'postgres'),
  of('shared_blks_read', 'Blocks read', 'count', 'postgres'),
  of('cache_hit_ratio', 'Cache hits', 'ratio', 'postgres'),
  of('read_rows', 'Rows read', 'count', 'clickhouse'),
  of('read_bytes', 'Bytes read', 'bytes', 'clickhouse'),
  of('written_rows', 'Rows written', 'count', 'clickhouse'),
  of('memory_usage', 'Memory', 'bytes', 'clickhouse'),
  of('exceptions', 'Failed', 'count', 'clickhouse')
]

const shownFirst: Record<Schemas['Engine'], string[]> = {
  postgres: ['text', 'load', 'share', 'trend', 'total_calls', 'rate', 'mean_time_ms', 'meanChange', 'rowsPerCall', 'cache_hit_ratio'],
  clickhouse: ['text', 'kind', 'load', 'share', 'trend', 'total_calls', 'mean_time_ms', 'p99_ms', 'meanChange', 'read_bytes', 'memory_usage', 'exceptions']
}

export function columnsOf(engine: Schemas['Engine']): StatementColumn[] {
  return statementColumns.filter((column) => column.engine === undefined || column.engine === engine)
}

/** The columns that somebody chose, else the usual ones; the statement itself is always there. */
export function chosenColumns(engine: Schemas['Engine'], chosen: string[] | undefined): StatementColumn[] {
  const keys = chosen ?? shownFirst[engine]
  return columnsOf(engine).filter(({ key }) => key === 'text' || keys.includes(key))
}

const serverOrders: Record<string, 'calls' | 'mean_time' | 'rows'> = {
  total_calls: 'calls',
  rate: 'calls',
  callsChange: 'calls',
  mean_time_ms: 'mean_time',
  total_rows: 'rows',
  rowsPerCall: 'rows'
}

/** The server cuts its list at a hundred: the order that it should cut in so that the right ones are left. */
export function serverOrder(key: string): 'total_time' | 'calls' | 'mean_time' | 'rows' {
  return serverOrders[key] ?? 'total_time'
}
