import type { Schemas } from '@/api/client'

type Collector = Schemas['Collector']

/** Whether somebody could make the collector work, or work better. */
export function needsHelp(collector: Collector): boolean {
  return collector.enabled && (collector.fix !== null || collector.state === 'failing' || collector.state === 'skipped')
}

/** The share of time in which the connection to a database is busy: what each run last took through its interval. */
export function busyShare(collectors: Collector[]): number {
  return collectors
    .filter(({ enabled }) => enabled)
    .reduce((sum, { last_duration_ms, interval_seconds }) => sum + (last_duration_ms ?? 0) / (interval_seconds * 1000), 0)
}
