import { describe, expect, it } from 'vitest'
import { classOf } from '@/charts/classes'
import { gapsOf, isInGap, merged } from '@/charts/gaps'
import { loadPlot, meanLoad, waitShares } from '@/charts/load'
import { bucketStarts, plotOf, stacked, sum } from '@/charts/series'
import { nearestPeak, peaks } from '@/views/live/peaks'

const gap = (since: number, until: number) => ({ since, until, reason: 'no samples' })
const window = { since: 0, until: 100e3 }

describe('gaps', () => {
  it('that overlap or adjoin are one, cut to the window', () => {
    expect(merged([gap(50, 70), gap(-10, 20), gap(20, 40), gap(200, 300)], { since: 0, until: 100 })).toEqual([gap(0, 40), gap(50, 70)])
  })
  it('swallow a bucket of which they cover more than half', () => {
    expect(isInGap([gap(0, 6)], 0, 10)).toBe(true)
    expect(isInGap([gap(0, 5)], 0, 10)).toBe(false)
    expect(isInGap([gap(0, 3), gap(6, 9)], 0, 10)).toBe(true)
  })
  it('are read from the events of a stream', () => {
    const event = (streams: string[]) => ({ kind: 'gap', ts: '2026-12-01T00:00:00Z', until: '2026-12-01T00:01:00Z', subject: 'restarted', before: null, after: null, streams })
    expect(gapsOf([event(['waits']), event(['tables'])], 'waits')).toEqual([
      { since: Date.parse('2026-12-01T00:00:00Z'), until: Date.parse('2026-12-01T00:01:00Z'), reason: 'the server restarted' }
    ])
  })
})

describe('series', () => {
  it('have a bucket for every step of the window', () => expect(bucketStarts({ since: 15e3, until: 70e3 }, 20)).toEqual([0, 20e3, 40e3, 60e3]))
  it('stack, and stay empty where nothing is known', () => {
    const series = [[1, null, 3], [2, null, 4]].map((values, index) => ({ name: String(index), token: '--cpu', values }))
    expect(stacked(series).map(({ values }) => values)).toEqual([[1, null, 3], [3, null, 7]])
  })
  it('are broken by gaps and combined by moment', () => {
    const row = (second: number, n: number | null) => ({ ts: new Date(second * 1000).toISOString(), n })
    const plot = plotOf([row(0, 1), row(0, 2), row(40, null)], [gap(10e3, 30e3)], [{ name: 'n', token: '--cpu', read: (rows) => sum(rows, ({ n }) => n) }])
    expect(plot.times).toEqual([0, 20e3, 40e3])
    expect(plot.series[0].values).toEqual([3, null, null])
  })
})

describe('load', () => {
  const wait = (second: number, type: string | null, ms: number, event = 'x') => ({ ts: new Date(second * 1000).toISOString(), wait_event_type: type, wait_event: event, total_duration_ms: ms })
  const options = { window, bucket: 20, gaps: [gap(40e3, 60e3)], began: 0, now: 90e3 }
  const plot = loadPlot([wait(0, 'Lock', 10e3), wait(0, 'CPU', 20e3), wait(20, 'CPU', 5e3)], options)

  it('is waited time through the length of a bucket, in the order of the classes', () => {
    expect(plot.series.map(({ name }) => name)).toEqual(['CPU', 'Lock'])
    expect(plot.series[0].values).toEqual([1, 0.25, null, 0, null])
    expect(plot.series[1].values).toEqual([0.5, 0, null, 0, null])
  })
  it('is unknown before watching began', () => expect(loadPlot([wait(0, 'CPU', 1)], { ...options, began: 30e3 }).series[0].values.slice(0, 2)).toEqual([null, 0]))
  it('has a mean over what is known', () => expect(meanLoad(plot)).toBeCloseTo((1.5 + 0.25 + 0) / 3))
  it('says what was waited for in all', () => {
    expect(waitShares([wait(0, 'Lock', 5, 'a'), wait(20, 'Lock', 6, 'a'), wait(0, 'IO', 7, 'b')]).map(({ key, ms }) => [key, ms])).toEqual([['Lock:a', 11], ['IO:b', 7]])
  })
  it('knows the classes of all versions', () => {
    expect([null, 'Buffer', 'BufferPin', 'Running', 'InjectionPoint', 'Network'].map(classOf)).toEqual(['CPU', 'BufferPin', 'BufferPin', 'CPU', 'Other', 'Network'])
  })
})

describe('peaks', () => {
  const values = [1, 1, 6, 1, 1, 1, 4, 1]
  const plot = { times: values.map((_, index) => index * 10), series: [{ name: 'CPU', token: '--cpu', values }] }
  it('stand out from the mean and from their neighbours', () => expect(peaks(plot)).toEqual([25, 65]))
  it('are jumped to one after the other', () => {
    expect(nearestPeak(plot, 80, 5)).toBe(65)
    expect(nearestPeak(plot, 65, 5)).toBe(25)
    expect(nearestPeak({ times: [], series: [] }, 0, 5)).toBeNull()
  })
})
