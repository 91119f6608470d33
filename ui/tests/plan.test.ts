import { describe, expect, it } from 'vitest'
import { diffPlans, flat, misestimate, readPlan } from '@/views/statements/plan'

const scan = { 'Node Type': 'Seq Scan', 'Relation Name': 'orders', Alias: 'o', 'Plan Rows': 10, 'Total Cost': 60, 'Actual Total Time': 2, 'Actual Rows': 1000, 'Actual Loops': 3, Filter: '(id = $1)' }
const index = { 'Node Type': 'Index Scan', 'Relation Name': 'orders', Alias: 'o', 'Index Name': 'orders_pkey', 'Plan Rows': 10, 'Total Cost': 8 }
const sort = (child: object) => [{ Plan: { 'Node Type': 'Sort', 'Sort Key': ['a DESC', 'b'], 'Plan Rows': 10, 'Total Cost': 100, 'Actual Total Time': 10, 'Actual Rows': 3000, 'Actual Loops': 1, Plans: [child] } }]

describe('readPlan', () => {
  const root = readPlan(sort(scan))
  it('says what each node does', () => {
    expect(root && flat(root).map(({ title }) => title)).toEqual(['Sort', 'Seq Scan on orders o'])
    expect(root?.details).toEqual(['Sort Key: a DESC, b'])
    expect(root?.children[0].details).toEqual(['Filter: (id = $1)'])
  })
  it('shares the time by what a node takes itself, all loops counted', () => {
    expect(root?.share).toBeCloseTo(0.4)
    expect(root?.children[0].share).toBeCloseTo(0.6)
    expect(root?.children[0].actualRows).toBe(3000)
  })
  it('shares the cost of a plan that was not run', () => {
    const generic = readPlan([{ Plan: { 'Node Type': 'Sort', 'Total Cost': 10, Plans: [index] } }])
    expect(generic?.time).toBeNull()
    expect(generic?.children[0].share).toBeCloseTo(0.8)
  })
  it('notices estimates that were wrong', () => {
    expect(root && misestimate(root.children[0])).toBe(100)
    expect(misestimate(readPlan([{ Plan: index }])!)).toBeNull()
  })
  it.each([null, 'text', [], {}, [{ Plan: {} }]])('refuses %j', (json) => expect(readPlan(json)).toBeNull())
})

it('compares two plans line by line', () => {
  const lines = diffPlans(readPlan(sort(scan))!, readPlan(sort(index))!)
  expect(lines.map(({ side, before, after }) => [side, before?.title ?? null, after?.title ?? null])).toEqual([
    ['both', 'Sort', 'Sort'],
    ['before', 'Seq Scan on orders o', null],
    ['after', null, 'Index Scan using orders_pkey on orders o']
  ])
})
