import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import DataTable from '@/components/DataTable.vue'
import Panel from '@/components/Panel.vue'
import SeverityMark from '@/components/SeverityMark.vue'

const router = () => createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { template: '<div/>' } }] })
const reading = { data: 1, total: null, unavailable: null, window: null, bucket: null, at: Date.now() - 5000, call: '/api/v1/x' }

describe('Panel', () => {
  const mounted = (props: object) => mount(Panel, { props: { title: 'Load', ...props }, slots: { default: '<i class="inside">old</i>' }, global: { plugins: [router()] } })
  it('keeps what was read when reading fails, dimmed and with its age', () => {
    const panel = mounted({ reading, error: new Error('the server does not answer') })
    expect(panel.find('.inside').exists()).toBe(true)
    expect(panel.find('.old').exists()).toBe(true)
    expect(panel.text()).toMatch(/the server does not answer; this is of \d+ s ago/)
  })
  it('says why there is nothing', () => {
    expect(mounted({ error: new Error('refused') }).text()).toContain('refused')
    expect(mounted({ pending: true }).text()).toContain('reading …')
    expect(mounted({ reading: { ...reading, unavailable: 'needs PostgreSQL 16' } }).text()).toContain('needs PostgreSQL 16')
  })
})

describe('DataTable', () => {
  it('sorts by a heading and keeps the order in the address', async () => {
    const routes = router()
    await routes.push('/')
    const columns = [{ key: 'n', title: 'N', unit: 'count', value: (row: { n: number }) => row.n }]
    const rows = [{ n: 1 }, { n: 3 }, { n: 2 }]
    // mount() does not know components with type parameters.
    const props = { columns, rows, rowKey: (row: { n: number }) => String(row.n), label: 'x' } as never
    const table = mount(DataTable, { props, global: { plugins: [routes] } })
    await table.find('.sort').trigger('click')
    await new Promise((resume) => setTimeout(resume))
    await nextTick()
    expect(routes.currentRoute.value.query.sort).toBe('-n')
    expect(table.findAll('tbody td').map((cell) => cell.text())).toEqual(['3', '2', '1'])
    expect(table.find('th').attributes('aria-sort')).toBe('descending')
  })
})

it('says severity in a word, not in colour alone', () => {
  expect(mount(SeverityMark, { props: { severity: 'critical' } }).text()).toBe('▲ critical')
})
