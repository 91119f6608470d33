import type { RouteLocationNamedRaw, RouteLocationNormalizedLoaded } from 'vue-router'
import type { Schemas } from '@/api/client'

export interface Page {
  title: string
  to: RouteLocationNamedRaw & { name: string; params?: Record<string, string> }
  /** The heading that it stands under. */
  group: '' | 'Storage' | 'Server' | 'Basira'
  /** Goes there after `g`. */
  key?: string
}

const list = (title: string, name: string, group: Page['group'], key?: string): Page => ({ title, to: { name: 'list', params: { list: name } }, group, key })
const charts = (title: string, name: string): Page => ({ title, to: { name: 'charts', params: { charts: name } }, group: 'Server' })

const first: Page[] = [
  { title: 'Overview', to: { name: 'overview' }, group: '', key: 'o' },
  { title: 'Statements', to: { name: 'statements' }, group: '', key: 's' },
  { title: 'Live', to: { name: 'live' }, group: '', key: 'l' },
  { title: 'Doctor', to: { name: 'doctor' }, group: '', key: 'd' },
  { title: 'Events', to: { name: 'events' }, group: '', key: 'e' }
]
const last: Page = { title: 'Collectors', to: { name: 'collectors' }, group: 'Basira', key: 'c' }

const ofEngine: Record<Schemas['Engine'], Page[]> = {
  postgres: [
    list('Tables', 'tables', 'Storage', 't'),
    list('Indexes', 'indexes', 'Storage', 'i'),
    list('Vacuum', 'vacuum', 'Storage', 'v'),
    list('Sequences', 'sequences', 'Storage'),
    list('Replication', 'replication', 'Server', 'r'),
    charts('Checkpoints, WAL', 'wal'),
    charts('I/O', 'io'),
    charts('Connections', 'connections'),
    charts('Transactions', 'transactions'),
    list('Settings', 'settings', 'Server'),
    list('Extensions', 'extensions', 'Server')
  ],
  clickhouse: [
    list('Tables', 'tables', 'Storage', 't'),
    list('Parts', 'parts', 'Storage', 'p'),
    list('Merges', 'merges', 'Storage', 'm'),
    list('Mutations', 'mutations', 'Storage'),
    list('Log tables', 'log-tables', 'Storage'),
    list('Replicas', 'replicas', 'Server', 'r'),
    list('Nodes', 'cluster', 'Server'),
    charts('Server', 'server'),
    list('Errors', 'errors', 'Server'),
    list('Settings', 'settings', 'Server')
  ]
}

/** What the page at `route` is called; nothing for the overview. */
export function pageTitle(engine: Schemas['Engine'], { meta, params }: RouteLocationNormalizedLoaded): string | undefined {
  const isIt = ({ to }: Page) => to.params !== undefined && Object.entries(to.params).every(([name, value]) => params[name] === value)
  return meta.title ?? ofEngine[engine].find(isIt)?.title
}

/** The pages of a database, in the order in which they are offered. */
export function databasePages(engine: Schemas['Engine']): Page[] {
  return [...first, ...ofEngine[engine], last]
}
