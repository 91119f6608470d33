import type { Schemas } from '@/api/client'
import * as clickhouse from './clickhouse'
import type { ListPage } from './lists'
import * as postgres from './postgres'
import { settings, settingsHistory } from './shared'

/** Whoever shows a list knows nothing of its rows. */
function page<R extends object>(list: ListPage<R>): ListPage {
  return list as unknown as ListPage
}

const ofPostgres: Record<string, ListPage[]> = {
  tables: [page(postgres.tables)],
  indexes: [page(postgres.indexes)],
  vacuum: [page(postgres.vacuum)],
  sequences: [page(postgres.sequences)],
  replication: [page(postgres.replication), page(postgres.slots), page(postgres.subscriptions)],
  settings: [page(settings), page(settingsHistory)],
  extensions: [page(postgres.extensions)]
}

const ofClickhouse: Record<string, ListPage[]> = {
  tables: [page(clickhouse.tables)],
  parts: [page(clickhouse.parts)],
  merges: [page(clickhouse.merges)],
  mutations: [page(clickhouse.mutations)],
  'log-tables': [page(clickhouse.logTables)],
  replicas: [page(clickhouse.replicas)],
  cluster: [page(clickhouse.cluster)],
  errors: [page(clickhouse.errors)],
  settings: [page(settings), page(settingsHistory)]
}

/** The lists of the page `name`; none where the engine has no such page. */
export function listsOf(engine: Schemas['Engine'], name: string): ListPage[] {
  return (engine === 'postgres' ? ofPostgres : ofClickhouse)[name] ?? []
}
