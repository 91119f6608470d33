import type { Schemas } from '@/api/client'
import { classOf } from '@/charts/classes'
import type { Column } from '@/text/columns'

type Session = Schemas['ActiveQuery']

/** What a session waits for; of one that is not at work nothing is said. */
export function waitText(session: Session): string | null {
  if (session.state !== 'active') return null
  return session.wait_event_type === null ? 'CPU' : `${session.wait_event_type} ${session.wait_event ?? ''}`.trim()
}

export function waitClassOf(session: Session): string | null {
  return session.state === 'active' ? classOf(session.wait_event_type) : null
}

export function sessionKey(session: Session): string {
  return session.query_id ?? `${session.pid}`
}

const common: Column<Session>[] = [
  { key: 'user', title: 'User', value: (session) => session.user_name },
  { key: 'database', title: 'Database', value: (session) => session.database_name }
]
const statement: Column<Session> = { key: 'text', title: 'Statement', mono: true, wide: true, value: (session) => session.query_text }

export const sessionColumns: Record<Schemas['Engine'], Column<Session>[]> = {
  postgres: [
    { key: 'pid', title: 'pid', value: (session) => session.pid === null ? null : String(session.pid) },
    { key: 'application', title: 'Application', value: (session) => session.application_name },
    ...common,
    {
      key: 'state', title: 'State', value: (session) => session.state,
      tone: (session) => (session.state?.startsWith('idle in transaction') ? 'warn' : null)
    },
    { key: 'wait', title: 'Waits for', value: waitText },
    { key: 'duration', title: 'Runs for', unit: 'ms', value: (session) => session.duration_ms },
    { key: 'transaction', title: 'Transaction', unit: 'ms', value: (session) => session.transaction_ms },
    { key: 'blocked', title: 'Blocked by', value: (session) => session.blocking_pids.join(', '), tone: (session) => (session.blocking_pids.length > 0 ? 'bad' : 'dim') },
    statement
  ],
  clickhouse: [
    ...common,
    { key: 'address', title: 'Address', value: (session) => session.client_addr },
    { key: 'host', title: 'Node', value: (session) => session.host_name },
    { key: 'duration', title: 'Runs for', unit: 'ms', value: (session) => session.duration_ms },
    {
      key: 'progress', title: 'Read', unit: 'pct', hint: 'rows read of what is thought to be there',
      value: (session) => (session.total_rows_approx ? Math.min(100, (100 * (session.read_rows ?? 0)) / session.total_rows_approx) : null)
    },
    { key: 'rows', title: 'Rows read', unit: 'count', value: (session) => session.read_rows },
    { key: 'bytes', title: 'Bytes read', unit: 'bytes', value: (session) => session.read_bytes },
    { key: 'written', title: 'Rows written', unit: 'count', value: (session) => session.written_rows },
    { key: 'memory', title: 'Memory', unit: 'bytes', value: (session) => session.memory_usage },
    statement
  ]
}
