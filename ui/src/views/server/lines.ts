import { largest, plotOf, sum, type Plot, type Row } from '@/charts/series'
import type { Gap } from '@/charts/gaps'

/** A series: its name, its colour, and what it reads of a row. */
export type Line<R> = [name: string, token: string, read: (row: R) => number | null | undefined]

/** Sums over all rows of a moment. */
export function sums<R extends Row>(rows: R[], gaps: Gap[], lines: Line<R>[]): Plot {
  return plotOf(rows, gaps, lines.map(([name, token, read]) => ({ name, token, read: (group) => sum(group, read) })))
}

/** The largest over all rows of a moment. */
export function levels<R extends Row>(rows: R[], gaps: Gap[], lines: Line<R>[]): Plot {
  return plotOf(rows, gaps, lines.map(([name, token, read]) => ({ name, token, read: (group) => largest(group, read) })))
}

/** Seconds between the points of `rows`; 1 where that cannot be told. Series that are deltas are divided by it. */
export function secondsApart(rows: Row[]): number {
  const times = [...new Set(rows.map(({ ts }) => Date.parse(ts)))].sort((a, b) => a - b)
  const steps = times.slice(1).map((time, index) => time - times[index]).sort((a, b) => a - b)
  return (steps[Math.floor(steps.length / 2)] ?? 1000) / 1000
}
