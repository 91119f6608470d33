/** One end of a span as people write it: `now`, `now-3h`, or an ISO 8601 moment. */
export type Moment = string

/** What stands in the address: the window that everything on the page is about. */
export interface Span {
  from: Moment
  to: Moment
}

/** A span with its ends resolved, in milliseconds since 1970. */
export interface Window {
  since: number
  until: number
}

export const defaultSpan: Span = { from: 'now-1h', to: 'now' }

export const presets = [
  { label: '15 m', from: 'now-15m' },
  { label: '1 h', from: 'now-1h' },
  { label: '6 h', from: 'now-6h' },
  { label: '24 h', from: 'now-24h' },
  { label: '7 d', from: 'now-7d' }
] as const

const unitMs: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 604800e3 }

/** The moment in milliseconds, or null when it cannot be read. A date without a zone is read in the zone that is shown. */
export function parseMoment(text: string, now: number, utc = true): number | null {
  const relative = /^now(?:\s*-\s*(\d+(?:\.\d+)?)\s*([smhdw]))?$/i.exec(text.trim())
  if (relative) return now - (relative[1] ? Number(relative[1]) * unitMs[relative[2].toLowerCase()] : 0)

  const absolute = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?\s*(Z|[+-]\d{2}:\d{2})?$/i.exec(text.trim())
  if (!absolute) return null
  const [, date, clock = '00:00', zone = utc ? 'Z' : ''] = absolute
  const time = Date.parse(`${date}T${clock}${zone.toUpperCase()}`)
  return Number.isNaN(time) ? null : time
}

/** Both ends resolved, or null when one cannot be read or they are the wrong way round. */
export function resolve(span: Span, now: number): Window | null {
  const since = parseMoment(span.from, now)
  const until = parseMoment(span.to, now)
  if (since === null || until === null || since >= until) return null
  return { since, until }
}

/** Reads what somebody typed: `3h`, `now-3h`, `now-2d to now-1d`, `2026-11-30 09:00 to 10:30`. */
export function parseSpan(text: string, now: number, utc = true): Span | null {
  const [first, second, ...rest] = text.trim().split(/\s+(?:to|–|until|\.\.)\s+/)
  if (rest.length > 0 || !first) return null
  if (second === undefined) {
    const length = /^(?:now\s*-\s*)?(\d+(?:\.\d+)?\s*[smhdw])$/i.exec(first)
    if (length) return { from: `now-${length[1].replace(/\s/g, '')}`, to: 'now' }
  }
  const ends = [first, second ?? 'now'].map((end, index) => {
    const clockOnly = /^\d{2}:\d{2}(:\d{2})?$/.test(end)
    return clockOnly && index === 1 ? `${first.slice(0, 10)} ${end}` : end
  })
  const [from, to] = ends.map((end) => normalize(end, now, utc))
  if (from === null || to === null) return null
  return resolve({ from, to }, now) ? { from, to } : null
}

function normalize(end: string, now: number, utc: boolean): Moment | null {
  if (/^now/i.test(end)) return parseMoment(end, now) === null ? null : end.replace(/\s/g, '').toLowerCase()
  const time = parseMoment(end, now, utc)
  return time === null ? null : iso(time)
}

/** Whether the span moves with the clock. */
export function isLive(span: Span): boolean {
  return span.to === 'now'
}

/** RFC 3339 in UTC, without milliseconds where there are none: as addresses and the API have it. */
export function iso(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z')
}

/** The span of the same length that ends `by` milliseconds earlier. */
export function shifted(window: Window, by: number): Window {
  return { since: window.since - by, until: window.until - by }
}

/** `window` as a span that does not move. */
export function fixed(window: Window): Span {
  return { from: iso(Math.round(window.since / 1000) * 1000), to: iso(Math.round(window.until / 1000) * 1000) }
}
