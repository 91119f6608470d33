import { describe, expect, it } from 'vitest'
import { filtered, sorted, type Column } from '@/text/columns'
import { ranked } from '@/text/search'
import { tokens } from '@/text/sql'
import { bytes, change, count, percent, written } from '@/text/units'
import { ago, dateTime, duration, tick, windowText } from '@/time/format'

const at = Date.parse('2026-12-01T09:04:10Z')

describe('figures', () => {
  it.each([
    [0, '0'], [7, '7'], [1204, '1,204'], [9999, '9,999'], [38_200, '38.2 k'], [1_900_000, '1.9 M'], [2.3456, '2.35'], [0.00058, '0.0006'], [-1500, '−1,500'], [null, '–']
  ])('counts %s', (value, text) => expect(count(value)).toBe(text))

  it.each([[0, '0 B'], [1023, '1,023 B'], [1024, '1 KiB'], [4775936, '4.55 MiB'], [-2048, '−2 KiB'], [undefined, '–']])('sizes %s', (value, text) => expect(bytes(value)).toBe(text))

  it.each([[0, '0 ms'], [0.68, '0.68 ms'], [104.2, '104 ms'], [1740, '1.74 s'], [252e3, '4 min 12 s'], [3600e3, '1 h'], [41 * 86400e3, '41 d'], [null, '–']])(
    'takes %s ms', (value, text) => expect(duration(value)).toBe(text)
  )

  it('writes shares and changes', () => {
    expect(percent(52.34)).toBe('52.3 %')
    expect(written(0.9923, 'ratio')).toBe('99.2 %')
    expect(change(0.4, 61.2)).toBe('× 153')
    expect(change(100, 104)).toBe('+4 %')
    expect(change(100, 96)).toBe('−4 %')
    expect(change(null, 4)).toBeNull()
    expect(change(0, 4)).toBeNull()
  })
})

describe('times', () => {
  it('are ISO, in UTC where that is chosen', () => expect(dateTime(at, 'utc')).toBe('2026-12-01 09:04:10'))
  it('have ticks as short as the window allows', () => {
    expect(tick(at, 10e3, 60e3, 'utc')).toBe('09:04:10')
    expect(tick(at, 60e3, 3600e3, 'utc')).toBe('09:04')
    expect(tick(at, 6 * 3600e3, 7 * 86400e3, 'utc')).toBe('12-01 09:04')
    expect(tick(at, 86400e3, 90 * 86400e3, 'utc')).toBe('12-01')
  })
  it('name the dates of a window where they are needed', () => {
    expect(windowText(at, at + 3600e3, at, 'utc')).toBe('09:04 – 10:04')
    expect(windowText(at - 86400e3, at, at, 'utc')).toBe('11-30 09:04 – 12-01 09:04')
  })
  it('say how long ago', () => {
    expect(ago(at, at + 2000)).toBe('2 s ago')
    expect(ago(at, at + 5 * 60e3)).toBe('5 min ago')
    expect(ago(null, at)).toBe('–')
  })
})

describe('tables', () => {
  const columns: Column<{ name: string; size: number | null }>[] = [
    { key: 'name', title: 'Name', value: (row) => row.name },
    { key: 'size', title: 'Size', unit: 'bytes', value: (row) => row.size }
  ]
  const rows = [{ name: 'b10', size: 5 }, { name: 'b9', size: null }, { name: 'a', size: 7 }]
  const names = (key: string, down: boolean) => sorted(rows, columns, { key, down }).map(({ name }) => name)
  it('sort, with what is not known last', () => {
    expect(names('name', false)).toEqual(['a', 'b9', 'b10'])
    expect(names('size', true)).toEqual(['a', 'b10', 'b9'])
    expect(names('size', false)).toEqual(['b10', 'a', 'b9'])
    expect(names('nothing', false)).toEqual(['b10', 'b9', 'a'])
  })
  it('filter by all words', () => {
    expect(filtered(rows, columns, 'B').length).toBe(2)
    expect(filtered(rows, columns, 'b 5').length).toBe(1)
  })
})

it('ranks what begins with the words first', () => {
  const entries = ['select from orders', 'orders', 'big_orders'].map((text) => ({ kind: 'x', text, more: 'shop' }))
  expect(ranked(entries, 'orders').map(({ text }) => text)).toEqual(['orders', 'select from orders', 'big_orders'])
  expect(ranked(entries, 'shop big').map(({ text }) => text)).toEqual(['big_orders'])
  expect(ranked(entries, 'nothing')).toEqual([])
})

describe('tokens', () => {
  const sql = "select a, 'it''s' from t -- why\nwhere id = $1 and n > 10 limit {n:UInt8}"
  it('lose nothing', () => expect(tokens(sql).map(({ text }) => text).join('')).toBe(sql))
  it('know their kinds', () => {
    const kinds = (kind: string) => tokens(sql).filter((token) => token.kind === kind).map(({ text }) => text)
    expect(kinds('keyword')).toEqual(['select', 'from', 'where', 'and', 'limit'])
    expect(kinds('string')).toEqual(["'it''s'"])
    expect(kinds('parameter')).toEqual(['$1', '{n:UInt8}'])
    expect(kinds('number')).toEqual(['10'])
    expect(kinds('comment')).toEqual(['-- why'])
  })
})
