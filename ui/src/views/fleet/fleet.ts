import type { Schemas } from '@/api/client'
import type { Sort } from '@/state/address'

export type Line = Schemas['FleetLine']

/** What the list of databases shows: a database, or the heading of a group. */
export type FleetRow = { kind: 'line'; line: Line } | { kind: 'group'; name: string; size: number; worst: number | null }

export const fleetColumns = [
  { key: 'score', title: 'Score' },
  { key: 'name', title: 'Database' },
  { key: 'engine', title: 'Engine' },
  { key: 'load', title: 'Load, 1 h', fixed: true },
  { key: 'active', title: 'Active' },
  { key: 'longest', title: 'Longest' },
  { key: 'finding', title: 'Worst finding' },
  { key: 'tags', title: 'Tags', fixed: true },
  { key: 'seen', title: 'Seen' }
] as const

const values: Record<string, (line: Line) => string | number | null> = {
  score: (line) => line.health_score,
  name: (line) => line.name,
  engine: (line) => `${line.engine} ${line.engine_version ?? ''}`,
  active: (line) => line.active_queries,
  longest: (line) => line.longest_query_ms,
  finding: (line) => line.top_issues[0]?.penalty ?? 0,
  seen: (line) => line.last_seen_at
}

/** A database without a score is as bad as one with none left: it comes first where the worst does. */
function compared(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null)
  return typeof a === 'string' && typeof b === 'string' ? a.localeCompare(b, undefined, { numeric: true }) : Number(a) - Number(b)
}

export function sortedFleet(lines: Line[], sort: Sort): Line[] {
  const value = values[sort.key] ?? values.score
  const order = [...lines].sort((one, other) => compared(value(one), value(other)) || one.name.localeCompare(other.name))
  return sort.down ? order.reverse() : order
}

/** The lines in which every word occurs: in names, tags (`env:prod` too), engine, version, status and findings. */
export function filteredFleet(lines: Line[], filter: string): Line[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return lines
  return lines.filter((line) => {
    const tags = Object.entries(line.tags).map(([name, value]) => `${name}:${value} ${value}`)
    const findings = line.top_issues.map((finding) => `${finding.title} ${finding.rule_id}`)
    const text = [line.name, line.engine, line.engine_version, line.status, line.health, ...tags, ...findings].join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** The names of all tags, the most frequent first. */
export function tagNames(lines: Line[]): string[] {
  const counts = new Map<string, number>()
  for (const name of lines.flatMap((line) => Object.keys(line.tags))) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name)
}

/** Lines under headings of one tag's values, in their order; without `tag` the lines alone. */
export function groupedFleet(lines: Line[], tag: string | null): FleetRow[] {
  if (tag === null) return lines.map((line) => ({ kind: 'line', line }))
  const groups = new Map<string, Line[]>()
  for (const line of lines) {
    const name = tag === 'engine' ? line.engine : (line.tags[tag] ?? `without ${tag}`)
    groups.set(name, [...(groups.get(name) ?? []), line])
  }
  return [...groups].flatMap(([name, members]): FleetRow[] => {
    const scores = members.map((line) => line.health_score).filter((score) => score !== null)
    return [
      { kind: 'group', name, size: members.length, worst: scores.length > 0 ? Math.min(...scores) : null },
      ...members.map((line): FleetRow => ({ kind: 'line', line }))
    ]
  })
}

/** How many databases are in which state of health. */
export function healthCounts(lines: Line[]): Record<Line['health'], number> {
  const counts = { healthy: 0, degraded: 0, unhealthy: 0 }
  for (const line of lines) counts[line.health] += 1
  return counts
}
