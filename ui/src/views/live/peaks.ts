import type { Plot } from '@/charts/series'

/** Moments of high load: buckets no lower than both neighbours and at least half again the mean; the middle of each. */
export function peaks(plot: Plot): number[] {
  const totals = plot.times.map((_, index) => plot.series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0))
  const known = totals.filter((_, index) => plot.series.some(({ values }) => values[index] !== null))
  const mean = known.reduce((sum, total) => sum + total, 0) / (known.length || 1)
  const half = ((plot.times[1] ?? 0) - (plot.times[0] ?? 0)) / 2
  return plot.times
    .filter((_, index) => totals[index] >= mean * 1.5 && totals[index] > 0 && totals[index] >= (totals[index - 1] ?? 0) && totals[index] > (totals[index + 1] ?? 0))
    .map((at) => at + half)
}

/** The peak next to `at`, the one that is shown (within `tolerance`) left out; null where there is none. */
export function nearestPeak(plot: Plot, at: number, tolerance: number): number | null {
  const others = peaks(plot).filter((peak) => Math.abs(peak - at) > tolerance)
  return others.reduce<number | null>((best, peak) => (best === null || Math.abs(peak - at) < Math.abs(best - at) ? peak : best), null)
}
