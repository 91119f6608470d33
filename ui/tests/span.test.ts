import { describe, expect, it } from 'vitest'
import { bucketFor, refreshEvery } from '@/time/bucket'
import { fixed, isLive, parseMoment, parseSpan, resolve } from '@/time/span'

const now = Date.parse('2026-12-01T10:00:00Z')
const hour = 3600e3

describe('parseMoment', () => {
  it.each([
    ['now', now],
    ['now-3h', now - 3 * hour],
    ['now - 90 m', now - 1.5 * hour],
    ['now-2w', now - 14 * 24 * hour],
    ['2026-11-30T09:00:00Z', Date.parse('2026-11-30T09:00:00Z')],
    ['2026-11-30 09:00', Date.parse('2026-11-30T09:00:00Z')],
    ['2026-11-30', Date.parse('2026-11-30T00:00:00Z')],
    ['2026-11-30T09:00:00+02:00', Date.parse('2026-11-30T07:00:00Z')]
  ])('reads %s', (text, time) => expect(parseMoment(text, now)).toBe(time))

  it.each(['', 'yesterday', 'now-3x', 'now+1h', '2026-13-40', '30.11.2026'])('refuses %j', (text) => expect(parseMoment(text, now)).toBeNull())
})

describe('parseSpan', () => {
  it.each([
    ['3h', { from: 'now-3h', to: 'now' }],
    ['now-3h', { from: 'now-3h', to: 'now' }],
    ['now-2d to now-1d', { from: 'now-2d', to: 'now-1d' }],
    ['2026-11-30 09:00 to 10:30', { from: '2026-11-30T09:00:00Z', to: '2026-11-30T10:30:00Z' }],
    ['2026-11-30 09:00 – now', { from: '2026-11-30T09:00:00Z', to: 'now' }],
    ['2026-11-29 to 2026-11-30', { from: '2026-11-29T00:00:00Z', to: '2026-11-30T00:00:00Z' }]
  ])('reads %s', (text, span) => expect(parseSpan(text, now)).toEqual(span))

  it.each(['', 'now-1h to now-2h', 'a to b', '1h to 2h to 3h', '3'])('refuses %j', (text) => expect(parseSpan(text, now)).toBeNull())
})

it('resolves a span and says whether it moves', () => {
  expect(resolve({ from: 'now-1h', to: 'now' }, now)).toEqual({ since: now - hour, until: now })
  expect(resolve({ from: 'now', to: 'now-1h' }, now)).toBeNull()
  expect(isLive({ from: 'now-1h', to: 'now' })).toBe(true)
  expect(isLive({ from: 'now-2h', to: 'now-1h' })).toBe(false)
  expect(fixed({ since: now - hour, until: now })).toEqual({ from: '2026-12-01T09:00:00Z', to: '2026-12-01T10:00:00Z' })
})

describe('bucketFor', () => {
  const window = (length: number, end = now) => ({ since: end - length, until: end })
  it('gives about as many points as wanted', () => {
    expect(bucketFor(window(hour), now)).toBe(30)
    expect(bucketFor(window(24 * hour), now)).toBe(600)
  })
  it('is never finer than the looks, nor than what is kept', () => {
    expect(bucketFor(window(60e3), now)).toBe(20)
    expect(bucketFor(window(hour, now - 72 * hour), now)).toBe(60)
    expect(bucketFor(window(hour, now - 30 * 24 * hour), now)).toBe(3600)
  })
  it('asks less often for longer windows', () => {
    expect([hour, 6 * hour, 24 * hour].map((length) => refreshEvery(window(length)))).toEqual([10e3, 30e3, 60e3])
  })
})
