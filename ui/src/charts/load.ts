import type { Schemas } from '@/api/client'
import type { Window } from '@/time/span'
import { classOf, waitClasses, type WaitClass } from './classes'
import type { Gap } from './gaps'
import { bucketStarts, isUnknown, type Plot } from './series'

type Wait = Pick<Schemas['Wait'], 'ts' | 'wait_event_type' | 'wait_event' | 'total_duration_ms'>

export interface LoadOptions {
  window: Window
  /** Seconds of a bucket. */
  bucket: number
  gaps: Gap[]
  /** When watching began: before that, nothing is known. */
  began: number
  now: number
}

/** Average active sessions by class of wait: waited time through the length of a bucket. Only classes that occur. */
export function loadPlot(waits: Wait[], { window, bucket, gaps, began, now }: LoadOptions): Plot {
  const times = bucketStarts(window, bucket)
  const sums = new Map<WaitClass, Map<number, number>>()
  for (const wait of waits) {
    const name = classOf(wait.wait_event_type)
    const byTime = sums.get(name) ?? new Map<number, number>()
    sums.set(name, byTime)
    const at = Date.parse(wait.ts)
    byTime.set(at, (byTime.get(at) ?? 0) + (wait.total_duration_ms ?? 0))
  }
  const unknown = times.map((at) => isUnknown(gaps, at, at + bucket * 1000, began, now))
  return {
    times,
    series: waitClasses
      .filter(({ name }) => sums.has(name))
      .map(({ name, token }) => ({
        name,
        token,
        values: times.map((at, index) => (unknown[index] ? null : (sums.get(name)?.get(at) ?? 0) / (bucket * 1000)))
      }))
  }
}

export interface WaitShare {
  key: string
  name: string
  event: string
  waitClass: WaitClass
  ms: number
}

/** What was waited for in all, the longest first. */
export function waitShares(waits: Wait[]): WaitShare[] {
  const shares = new Map<string, WaitShare>()
  for (const wait of waits) {
    const waitClass = classOf(wait.wait_event_type)
    const name = wait.wait_event_type ?? 'CPU'
    const event = wait.wait_event ?? ''
    const key = `${name}:${event}`
    const share = shares.get(key) ?? { key, name, event, waitClass, ms: 0 }
    share.ms += wait.total_duration_ms ?? 0
    shares.set(key, share)
  }
  return [...shares.values()].sort((a, b) => b.ms - a.ms)
}

/** The start of the bucket with the highest load; null where there is none. */
export function peakOf(plot: Plot): number | null {
  let peak: { at: number; load: number } | null = null
  plot.times.forEach((at, index) => {
    const load = plot.series.reduce((total, one) => total + (one.values[index] ?? 0), 0)
    if (load > (peak?.load ?? 0)) peak = { at, load }
  })
  return (peak as { at: number } | null)?.at ?? null
}

/** The mean load over a window; null where nothing is known. */
export function meanLoad(plot: Plot): number | null {
  const totals = plot.times
    .map((_, index) => (plot.series[0]?.values[index] === null ? null : plot.series.reduce((sum, one) => sum + (one.values[index] ?? 0), 0)))
    .filter((total): total is number => total !== null)
  return totals.length > 0 && plot.series.length > 0 ? totals.reduce((sum, total) => sum + total, 0) / totals.length : null
}
