import type { Schemas } from '@/api/client'

type Collector = Schemas['Collector']

/** What is said where the version of the server lacks something, and no SQL brings it. */
const nothingToDo = 'no action is needed'

/** The SQL that would make the collector work, or work better. */
export function fixOf({ fix }: Pick<Collector, 'fix'>): string | null {
  return fix?.startsWith(nothingToDo) ? null : fix
}

/** Whether somebody could make the collector work, or work better. */
export function needsHelp(collector: Collector): boolean {
  const lacksSomething = collector.state === 'failing' || collector.state === 'skipped'
  return collector.enabled && (fixOf(collector) !== null || (lacksSomething && collector.fix === null))
}

/** The share of time in which the connection to a database is busy: what each run last took through its interval. */
export function busyShare(collectors: Collector[]): number {
  return collectors
    .filter(({ enabled }) => enabled)
    .reduce((sum, { last_duration_ms, interval_seconds }) => sum + (last_duration_ms ?? 0) / (interval_seconds * 1000), 0)
}
