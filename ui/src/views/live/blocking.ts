import type { Schemas } from '@/api/client'

type LockNode = Schemas['LockNode']

/** A session in the blocking tree, as a line: roots first, whom each blocks below it. */
export interface BlockingRow {
  node: LockNode
  depth: number
  /** Whether it is the last that its blocker blocks: how the branch is drawn. */
  isLast: boolean
}

/** The trees one line per session, the root with most behind it first. */
export function blockingRows(forest: LockNode[]): BlockingRow[] {
  const walk = (nodes: LockNode[], depth: number): BlockingRow[] =>
    nodes.flatMap((node, index) => [{ node, depth, isLast: index === nodes.length - 1 }, ...walk(byWeight(node.blocked), depth + 1)])
  return walk(byWeight(forest), 0)
}

function byWeight(nodes: LockNode[]): LockNode[] {
  return [...nodes].sort((a, b) => b.blocked_sessions - a.blocked_sessions || (b.longest_wait_ms ?? b.wait_ms ?? 0) - (a.longest_wait_ms ?? a.wait_ms ?? 0))
}

/** `ExclusiveLock on shop.product` */
export function lockText(node: LockNode): string {
  const relation = [node.schema_name, node.relation_name].filter(Boolean).join('.')
  return [node.mode, relation ? `on ${relation}` : node.lock_type && `of a ${node.lock_type}`].filter(Boolean).join(' ')
}

/** The statement that ends a session: for people to run. */
export function endStatement(session: Pick<Schemas['ActiveQuery'], 'pid' | 'query_id'>): string | null {
  if (session.pid !== null && session.pid > 0) return `SELECT pg_terminate_backend(${session.pid});`
  return session.query_id ? `KILL QUERY WHERE query_id = '${session.query_id.replace(/'/g, "\\'")}';` : null
}
