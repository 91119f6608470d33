import { describe, expect, it } from 'vitest'
import type { Schemas } from '@/api/client'
import { found } from '@/state/keys'
import { carriedQuery, changedQuery, parseSort, sortText } from '@/state/address'
import { bodyOf, engineOf, nameOf, type Entered } from '@/views/add/registration'
import { busyShare, needsHelp } from '@/views/collectors/collectors'
import { moments, shares } from '@/views/database/looks'
import { earlierBy, rankedStatements, toneOfChange } from '@/views/database/rank'
import { filteredFleet, groupedFleet, sortedFleet, type Line } from '@/views/fleet/fleet'
import { blockingRows, endStatement, lockText } from '@/views/live/blocking'
import { readTags, writeTags } from '@/views/settings/tags'
import { chosenColumns, serverOrder } from '@/views/statements/statements'

describe('address', () => {
  it('changes parameters and takes empty ones out', () => expect(changedQuery({ a: '1', b: '2' }, { a: null, c: '3' })).toEqual({ b: '2', c: '3' }))
  it('takes the range along and leaves the rest', () => expect(carriedQuery({ from: 'now-6h', filter: 'x', at: 'y' })).toEqual({ from: 'now-6h' }))
  it.each(['name', '-size'])('reads and writes the order %s', (text) => expect(sortText(parseSort(text))).toBe(text))
})

describe('keys', () => {
  const shortcut = (keys: string) => ({ keys, does: '', run: () => {} })
  const known = [shortcut('/'), shortcut('g d'), shortcut('d')]
  it('prefers two keys in a row to one', () => {
    expect(found(known, 'g', 'd')?.keys).toBe('g d')
    expect(found(known, 'x', 'd')?.keys).toBe('d')
    expect(found(known, '', 'g')).toBeUndefined()
  })
})

describe('blocking tree', () => {
  const node = (pid: number, blocked: object[] = [], more: object = {}) => ({ pid, blocked, blocked_sessions: blocked.length, longest_wait_ms: null, wait_ms: 0, ...more }) as unknown as Schemas['LockNode']
  it('lists the root with most behind it first, and those behind it by their own weight', () => {
    const forest = [node(1, [node(2)]), node(3, [node(4), node(5, [node(6)])], { blocked_sessions: 3 })]
    expect(blockingRows(forest).map((row) => [row.node.pid, row.depth, row.isLast])).toEqual([
      [3, 0, false], [5, 1, false], [6, 2, true], [4, 1, true], [1, 0, true], [2, 1, true]
    ])
  })
  it('names locks and how sessions end', () => {
    expect(lockText(node(1, [], { mode: 'ShareLock', schema_name: 'shop', relation_name: 'product' }))).toBe('ShareLock on shop.product')
    expect(lockText(node(1, [], { mode: 'ShareLock', lock_type: 'transactionid' }))).toBe('ShareLock of a transactionid')
    expect(endStatement({ pid: 7 })).toBe('SELECT pg_terminate_backend(7);')
    expect(endStatement({ pid: null, query_id: "a'b" })).toBe("KILL QUERY WHERE query_id = 'a\\'b';")
    expect(endStatement({ pid: 0 })).toBeNull()
  })
})

describe('fleet', () => {
  const line = (name: string, score: number | null, tags: Record<string, string> = {}) =>
    ({ id: name, name, health_score: score, tags, engine: 'postgres', engine_version: '17.6', status: 'connected', health: 'healthy', top_issues: [] }) as unknown as Line
  const lines = [line('b', 90, { env: 'prod' }), line('a', 40, { env: 'test' }), line('c', null)]
  it('puts the worst first, one without a score before all', () => expect(sortedFleet(lines, { key: 'score', down: false }).map(({ name }) => name)).toEqual(['c', 'a', 'b']))
  it('filters by tags and names', () => {
    expect(filteredFleet(lines, 'env:prod').map(({ name }) => name)).toEqual(['b'])
    expect(filteredFleet(lines, 'env:prod a').length).toBe(1)
    expect(filteredFleet(lines, '').length).toBe(3)
  })
  it('groups by a tag, in the order of the lines', () => {
    expect(groupedFleet(lines, 'env').map((row) => (row.kind === 'group' ? `# ${row.name} ${row.size} ${row.worst}` : row.line.name))).toEqual([
      '# prod 1 90', 'b', '# test 1 40', 'a', '# without env 1 null', 'c'
    ])
  })
})

describe('rank', () => {
  const query = (hash: string, total: number, mean: number) => ({ query_hash: hash, query_text: hash, total_calls: 10, total_time_ms: total, mean_time_ms: mean }) as unknown as Schemas['Query']
  const looked = new Map([['b', { key: 'b', load: 1, parts: [{ name: 'Lock' as const, value: 1 }] }]])
  it('is by time, compared with the window before', () => {
    const rows = rankedStatements([query('a', 1000, 1), query('b', 3000, 30)], [query('b', 100, 10)], looked, 10e3, null)
    expect(rows.map(({ hash, load, share, isNew, tone }) => [hash, load, share, isNew, tone])).toEqual([['b', 0.3, 0.75, false, 'bad'], ['a', 0.1, 0.25, true, '']])
    expect(rows[0].parts).toEqual([{ name: 'Lock', value: 0.3 }])
  })
  it('is by looks when one class is chosen', () => expect(rankedStatements([query('a', 9, 1), query('b', 1, 1)], [], looked, 10e3, 'Lock').map(({ hash }) => hash)).toEqual(['b']))
  it('does not call small changes news', () => {
    expect([toneOfChange(10, 10.5), toneOfChange(10, 20), toneOfChange(10, 5), toneOfChange(0.01, 0.05), toneOfChange(null, 5)]).toEqual(['', 'bad', 'good', '', ''])
    expect([earlierBy('before', 5), earlierBy('1d', 5)]).toEqual([5, 86400e3])
  })
})

describe('looks', () => {
  const session = (user: string | null, wait: string | null, state = 'active') => ({ user_name: user, wait_event_type: wait, state }) as unknown as Schemas['ActiveQuery']
  it('are spread over the window, no closer than the recorder looks', () => {
    expect(moments({ since: 0, until: 40e3 })).toEqual([5e3, 15e3, 25e3, 35e3])
    expect(moments({ since: 0, until: 3600e3 }).length).toBe(24)
  })
  it('give average sessions at work by class of wait', () => {
    const looks = [{ at: 0, sessions: [session('ada', 'Lock'), session('bob', null)] }, { at: 1, sessions: [session('ada', 'Lock'), session('ada', null, 'idle')] }]
    expect(shares(looks, ({ user_name }) => user_name)).toEqual([
      { key: 'ada', load: 1, parts: [{ name: 'Lock', value: 1 }] },
      { key: 'bob', load: 0.5, parts: [{ name: 'CPU', value: 0.5 }] }
    ])
    expect(shares(looks, ({ user_name }) => user_name, 'CPU').map(({ key }) => key)).toEqual(['bob'])
  })
})

describe('registration', () => {
  const entered: Entered = { engine: 'postgres', dsn: '', host: '', port: null, database: '', username: '', password: '', tls: 'prefer', allDatabases: false }
  it('takes the engine from the address', () => {
    expect([engineOf('postgresql://h/x'), engineOf('clickhouse://h'), engineOf('mysql://h')]).toEqual(['postgres', 'clickhouse', null])
    expect(bodyOf({ ...entered, dsn: ' clickhouse://h ', allDatabases: true })).toEqual({ engine: 'clickhouse', dsn: 'clickhouse://h', all_databases: undefined })
  })
  it('names a database without its secrets', () => {
    expect(nameOf({ ...entered, dsn: 'postgres://basira:secret@db.example.com:5433/shop?sslmode=require' })).toBe('shop on db.example.com')
    expect(nameOf({ ...entered, host: 'db', database: 'shop' })).toBe('shop on db')
    expect(nameOf(entered)).toBe('')
  })
  it('reads and writes tags', () => {
    expect(readTags('env=prod, hot,, =x')).toEqual({ env: 'prod', hot: 'yes' })
    expect(writeTags(readTags('env=prod, team=a=b'))).toBe('env=prod, team=a=b')
  })
})

describe('statements', () => {
  it('show the columns that were chosen, the statement always', () => {
    expect(chosenColumns('postgres', ['rate']).map(({ key }) => key)).toEqual(['text', 'rate'])
    expect(chosenColumns('postgres', ['p99_ms']).map(({ key }) => key)).toEqual(['text'])
    expect(chosenColumns('clickhouse', undefined).map(({ key }) => key)).toContain('p99_ms')
  })
  it('are cut by the server in the order that is shown', () => expect(['load', 'rate', 'mean_time_ms', 'p99_ms'].map(serverOrder)).toEqual(['total_time', 'calls', 'mean_time', 'total_time']))
})

it('says which collectors need help, and what watching costs', () => {
  const collector = (more: object) => ({ enabled: true, state: 'ok', fix: null, last_duration_ms: 100, interval_seconds: 10, ...more }) as unknown as Schemas['Collector']
  expect([{}, { state: 'skipped' }, { fix: 'GRANT' }, { state: 'skipped', enabled: false }].map((more) => needsHelp(collector(more)))).toEqual([false, true, true, false])
  expect(busyShare([collector({}), collector({ last_duration_ms: null }), collector({ enabled: false })])).toBeCloseTo(0.01)
})
