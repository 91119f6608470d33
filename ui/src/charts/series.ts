import type { Window } from '@/time/span'
import { isInGap, type Gap } from './gaps'

/** A line or an area of a chart. */
export interface Series {
  name: string
  /** The custom property with its colour. */
  token: string
  values: (number | null)[]
}

/** A moment at which something happened. */
export interface Mark {
  at: number
  icon: string
  text: string
}

/** What a chart draws: series over common times, in milliseconds. */
export interface Plot {
  times: number[]
  series: Series[]
}

/** The starts of all buckets of `seconds` within `window`. */
export function bucketStarts(window: Window, seconds: number): number[] {
  const step = seconds * 1000
  const first = Math.floor(window.since / step) * step
  return Array.from({ length: Math.max(0, Math.ceil((window.until - first) / step)) }, (_, index) => first + index * step)
}

export interface Row {
  ts: string
}

/**
 * One point per row, and an empty one wherever a gap lies between two rows, so that no line is drawn across it. Rows of the same
 * moment (of several hosts or databases) are combined by `read`.
 */
export function plotOf<R extends Row>(
  rows: R[],
  gaps: Gap[],
  series: { name: string; token: string; read: (rows: R[]) => number | null }[]
): Plot {
  const groups = new Map<number, R[]>()
  for (const row of rows) {
    const at = Date.parse(row.ts)
    const group = groups.get(at)
    if (group) group.push(row)
    else groups.set(at, [row])
  }
  const taken = [...groups.keys()].sort((a, b) => a - b)
  const breaks = gaps.map((gap) => (gap.since + gap.until) / 2).filter((at) => !groups.has(at))
  const times = [...taken, ...breaks].sort((a, b) => a - b)
  return {
    times,
    series: series.map(({ name, token, read }) => ({
      name,
      token,
      values: times.map((at) => {
        const group = groups.get(at)
        return group ? read(group) : null
      })
    }))
  }
}

/** The sum over rows of what is known; null where nothing is. */
export function sum<R>(rows: R[], read: (row: R) => number | null | undefined): number | null {
  const known = rows.map(read).filter((value): value is number => value !== null && value !== undefined)
  return known.length > 0 ? known.reduce((total, value) => total + value, 0) : null
}

/** The largest of what is known over rows; null where nothing is. */
export function largest<R>(rows: R[], read: (row: R) => number | null | undefined): number | null {
  const known = rows.map(read).filter((value): value is number => value !== null && value !== undefined)
  return known.length > 0 ? Math.max(...known) : null
}

/** Each series on top of those before it. A bucket in which nothing is known stays empty in all of them. */
export function stacked(series: Series[]): Series[] {
  const heights: number[] = []
  return series.map((one) => ({
    ...one,
    values: one.values.map((value, index) => {
      if (value === null) return null
      heights[index] = (heights[index] ?? 0) + value
      return heights[index]
    })
  }))
}

/** The value at `index` over all series; null in a gap. */
export function totalAt(series: Series[], index: number): number | null {
  return sum(series, (one) => one.values[index])
}

/** Whether a bucket is one of which nothing can be said: in a gap, before watching began, or not over yet. */
export function isUnknown(gaps: Gap[], since: number, until: number, began: number, now: number): boolean {
  return until <= began || until > now || isInGap(gaps, since, until)
}
