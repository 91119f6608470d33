import type { Window } from '@/time/span'
import type { Schemas } from '@/api/client'

/** A stretch without trustworthy samples, in milliseconds. */
export interface Gap extends Window {
  reason: string
}

const reasons: Record<string, string> = {
  unreachable: 'the server could not be reached',
  restarted: 'the server restarted',
  server_changed: 'another server answered',
  counters_reset: 'counters were reset',
  evicted: 'statistics were evicted',
  not_watched: 'Basira did not watch',
  damaged: 'the stored samples are damaged',
  dropped: 'samples were dropped'
}

/** What a reason of the API means, in words. */
export function reasonText(reason: string | null): string {
  return reason === null ? 'no samples' : (reasons[reason] ?? reason)
}

/** The gaps among `events` that concern `stream`; all of them where an event names no streams. */
export function gapsOf(events: Schemas['Event'][], stream: string): Gap[] {
  return events
    .filter((event) => event.kind === 'gap' && event.until && (!event.streams?.length || event.streams.includes(stream)))
    .map((event) => ({ since: Date.parse(event.ts), until: Date.parse(event.until as string), reason: reasonText(event.subject) }))
}

/** The gaps that an answer lists by itself. */
export function listedGaps(gaps: Schemas['Gap'][]): Gap[] {
  return gaps.map((gap) => ({ since: Date.parse(gap.from), until: Date.parse(gap.to), reason: reasonText(gap.reason) }))
}

/** Overlapping and adjoining gaps as one, in order, cut to `window`. */
export function merged(gaps: Gap[], window: Window): Gap[] {
  const result: Gap[] = []
  for (const gap of [...gaps].sort((a, b) => a.since - b.since)) {
    const cut = { ...gap, since: Math.max(gap.since, window.since), until: Math.min(gap.until, window.until) }
    if (cut.since >= cut.until) continue
    const last = result[result.length - 1]
    if (last && cut.since <= last.until) last.until = Math.max(last.until, cut.until)
    else result.push(cut)
  }
  return result
}

/** Whether more than half of a bucket lies in a gap. */
export function isInGap(gaps: Gap[], since: number, until: number): boolean {
  const covered = gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(until, gap.until) - Math.max(since, gap.since)), 0)
  return covered > (until - since) / 2
}
