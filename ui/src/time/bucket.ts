import type { Window } from './span'

const ladder = [20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400]

/**
 * How long records are kept as they came and by the minute; older ones are kept by the hour. A finer bucket than what is kept is refused, so
 * the last hour of each is left to the next.
 */
const rawMs = 47 * 3600e3
const minuteMs = 14 * 86400e3 - 3600e3

/**
 * The length of a bucket in seconds that gives a chart of `window` about `points` points. Sessions are sampled every 10 s, so 20 s
 * is the finest in which every bucket has a look; where the window reaches further back than the fine records, what is kept decides.
 */
export function bucketFor(window: Window, now: number, points = 150): number {
  const age = now - window.since
  const least = age > minuteMs ? 3600 : age > rawMs ? 60 : ladder[0]
  const wanted = (window.until - window.since) / 1000 / points
  return ladder.find((seconds) => seconds >= wanted && seconds >= least) ?? ladder[ladder.length - 1]
}

/** How often a chart of a live window is worth asking for again, in milliseconds. */
export function refreshEvery(window: Window): number {
  const length = window.until - window.since
  if (length <= 3600e3) return 10e3
  if (length <= 6 * 3600e3) return 30e3
  return 60e3
}
