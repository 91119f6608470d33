/** A node of a plan of PostgreSQL, with what a reader needs and nothing else. */
export interface PlanNode {
  /** `Index Scan using orders_pkey on orders o` */
  title: string
  /** Filters, conditions, keys: one line each. */
  details: string[]
  rows: number | null
  actualRows: number | null
  loops: number
  cost: number
  /** Milliseconds of all loops, children included; null when the plan was not run or not timed. */
  time: number | null
  /** What the node itself takes of the whole, 0 to 1: of the time, else of the cost. */
  share: number
  depth: number
  children: PlanNode[]
}

type Json = Record<string, unknown>

const text = (node: Json, key: string) => (typeof node[key] === 'string' ? (node[key] as string) : null)
const number = (node: Json, key: string) => (typeof node[key] === 'number' ? (node[key] as number) : null)
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const lines = [
  'Index Cond', 'Recheck Cond', 'Hash Cond', 'Merge Cond', 'Join Filter', 'Filter', 'Sort Key', 'Group Key', 'Presorted Key', 'One-Time Filter',
  'Sort Method', 'Rows Removed by Filter', 'Rows Removed by Join Filter', 'Heap Fetches', 'Workers Planned', 'Shared Read Blocks', 'Temp Written Blocks'
]

function titleOf(node: Json): string {
  const type = text(node, 'Node Type') ?? 'Node'
  const join = text(node, 'Join Type')
  const strategy = text(node, 'Strategy')
  const kind = type === 'Aggregate' && strategy && strategy !== 'Plain' ? `${strategy} Aggregate` : type
  const relation = text(node, 'Relation Name') ?? text(node, 'CTE Name') ?? text(node, 'Function Name')
  const schema = text(node, 'Schema')
  const alias = text(node, 'Alias')
  return [
    text(node, 'Partial Mode') === 'Partial' ? 'Partial' : null,
    join && join !== 'Inner' ? `${kind} (${join})` : kind,
    text(node, 'Index Name') && `using ${text(node, 'Index Name')}`,
    relation && `on ${schema ? `${schema}.` : ''}${relation}`,
    alias && alias !== relation ? alias : null
  ]
    .filter(Boolean)
    .join(' ')
}

function detailOf(node: Json, key: string): string | null {
  const value = node[key]
  if (value === undefined || value === null || value === 0) return null
  return `${key}: ${Array.isArray(value) ? value.join(', ') : String(value)}`
}

function readNode(node: Json, depth: number): PlanNode {
  const loops = number(node, 'Actual Loops') ?? 1
  const perLoop = number(node, 'Actual Total Time')
  const perLoopRows = number(node, 'Actual Rows')
  const children = Array.isArray(node.Plans) ? node.Plans.filter(isObject).map((child) => readNode(child, depth + 1)) : []
  return {
    title: titleOf(node),
    details: lines.map((key) => detailOf(node, key)).filter((line): line is string => line !== null),
    rows: number(node, 'Plan Rows'),
    actualRows: perLoopRows === null ? null : perLoopRows * loops,
    loops,
    cost: number(node, 'Total Cost') ?? 0,
    time: perLoop === null ? null : perLoop * loops,
    share: 0,
    depth,
    children
  }
}

/** The tree of a plan as `EXPLAIN (FORMAT JSON)` prints it; null where it is no such plan. */
export function readPlan(json: unknown): PlanNode | null {
  const first = Array.isArray(json) ? json[0] : json
  const plan = isObject(first) ? (first.Plan ?? first) : null
  if (!isObject(plan) || !plan['Node Type']) return null
  const root = readNode(plan, 0)
  const measure = root.time !== null ? (node: PlanNode) => node.time ?? 0 : (node: PlanNode) => node.cost
  const whole = measure(root) || 1
  for (const node of flat(root)) {
    const below = node.children.reduce((sum, child) => sum + measure(child), 0)
    node.share = Math.min(1, Math.max(0, measure(node) - below) / whole)
  }
  return root
}

/** The node and all below it, as they are printed. */
export function flat(node: PlanNode): PlanNode[] {
  return [node, ...node.children.flatMap(flat)]
}

/** By what factor the estimate of rows was wrong; null when the plan was not run. */
export function misestimate(node: PlanNode): number | null {
  if (node.actualRows === null || node.rows === null) return null
  const perLoop = Math.max(1, node.actualRows / node.loops)
  const estimated = Math.max(1, node.rows)
  return Math.max(perLoop / estimated, estimated / perLoop)
}

export interface DiffLine {
  /** Only in the plan before, only in the one after, or in both. */
  side: 'before' | 'after' | 'both'
  before: PlanNode | null
  after: PlanNode | null
}

const sameNode = (a: PlanNode, b: PlanNode) => a.title === b.title && a.depth === b.depth

/** Two plans line by line: the longest common part stands once, the rest on its side. */
export function diffPlans(before: PlanNode, after: PlanNode): DiffLine[] {
  const [old, recent] = [flat(before), flat(after)]
  // lengths[i][j]: how much old[i..] and recent[j..] have in common
  const lengths = Array.from({ length: old.length + 1 }, () => new Array<number>(recent.length + 1).fill(0))
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = recent.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = sameNode(old[i], recent[j]) ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1])
    }
  }
  const result: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < recent.length) {
    if (i < old.length && j < recent.length && sameNode(old[i], recent[j])) {
      result.push({ side: 'both', before: old[i], after: recent[j] })
      i += 1
      j += 1
    } else if (j >= recent.length || (i < old.length && lengths[i + 1][j] >= lengths[i][j + 1])) {
      result.push({ side: 'before', before: old[i], after: null })
      i += 1
    } else {
      result.push({ side: 'after', before: null, after: recent[j] })
      j += 1
    }
  }
  return result
}
