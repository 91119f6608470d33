import type { Schemas } from '@/api/client'
import type { Share } from './looks'

type Query = Schemas['Query']

export interface RankedStatement {
  hash: string
  text: string
  /** Average sessions at work on it. */
  load: number
  /** Of the time of all statements in the list. */
  share: number
  /** The load by class of wait where the recorder met it, else one part without a class. */
  parts: { name: string; value: number }[]
  perSecond: number | null
  mean: number | null
  p99: number | null
  meanBefore: number | null
  /** It did not run in the window compared with. */
  isNew: boolean
  tone: 'bad' | 'good' | ''
}

const day = 86400e3

/** How much earlier the window compared with is. */
export function earlierBy(compare: string, length: number): number {
  return compare === '1d' ? day : compare === '7d' ? 7 * day : length
}

/** A change of less than a tenth, or of times below a tenth of a millisecond, is no news. */
export function toneOfChange(before: number | null, after: number | null): 'bad' | 'good' | '' {
  if (!before || after === null || Math.max(before, after) < 0.1) return ''
  if (after > before * 1.1) return 'bad'
  return after < before * 0.9 ? 'good' : ''
}

/**
 * Statements by load, each with the same statement of the window before. With `only`, ranked by how often the recorder met them in that
 * class of waits, and only those.
 */
export function rankedStatements(
  statements: Query[],
  before: Query[],
  looked: Map<string, Share>,
  lengthMs: number,
  only: string | null
): RankedStatement[] {
  const all = statements.reduce((sum, query) => sum + (query.total_time_ms ?? 0), 0)
  const earlier = new Map(before.map((query) => [query.query_hash, query]))
  const rows = statements.map((query): RankedStatement => {
    const share = looked.get(query.query_hash)
    const measured = lengthMs > 0 ? (query.total_time_ms ?? 0) / lengthMs : 0
    const load = only === null ? measured : (share?.load ?? 0)
    const scale = share && share.load > 0 ? load / share.load : 0
    const same = earlier.get(query.query_hash)
    const meanBefore = same?.mean_time_ms ?? null
    return {
      hash: query.query_hash,
      text: query.query_text ?? query.query_hash,
      load,
      share: all > 0 ? (query.total_time_ms ?? 0) / all : 0,
      parts: share ? share.parts.map(({ name, value }) => ({ name, value: value * scale })) : [{ name: '', value: load }],
      perSecond: query.total_calls === null || lengthMs <= 0 ? null : query.total_calls / (lengthMs / 1000),
      mean: query.mean_time_ms,
      p99: query.p99_ms ?? null,
      meanBefore,
      isNew: before.length > 0 && !same,
      tone: toneOfChange(meanBefore, query.mean_time_ms)
    }
  })
  return rows.filter(({ load }) => load > 0 || only === null).sort((a, b) => b.load - a.load)
}
