// Every view of the demo, on both engines.

const ofEngine = {
  postgres: [
    'list/tables', 'list/indexes', 'list/vacuum', 'list/sequences', 'list/replication', 'list/settings', 'list/extensions',
    'charts/wal', 'charts/io', 'charts/connections', 'charts/transactions', 'tables/shop/product'
  ],
  clickhouse: ['list/tables', 'list/parts', 'list/merges', 'list/mutations', 'list/log-tables', 'list/replicas', 'list/cluster', 'list/errors', 'list/settings', 'charts/server']
}
const settings = ['databases', 'keys', 'people', 'account', 'page', 'store', 'audit']

/** The paths of all pages of a database. */
export const pagesOf = ({ id, engine }) =>
  ['', '/queries', '/live', '/doctor', '/events', '/collectors', ...ofEngine[engine].map((path) => `/${path}`)].map((path) => `/d/${id}${path}?from=now-15m`)

/** Opens `path` by the router of the page, as a link does, and waits until what it shows is there. */
export async function open(walk, path) {
  const { page } = walk
  await page.goto(walk.base + path)
  await page.locator('main h1').first().waitFor()
  await page.locator('main section, main table, main form').first().waitFor()
  await page.waitForLoadState('networkidle', { timeout: 5000 }).catch(() => undefined)
}

export async function signInByLink(walk, link) {
  await walk.step('the link of the demo signs in', async () => {
    await walk.page.goto(link)
    await walk.page.getByRole('heading', { name: 'Databases' }).waitFor()
    if (walk.page.url().includes('token')) walk.fail('the token stays in the address')
  })
}

export async function everyView(walk, databases) {
  const { page } = walk
  for (const database of databases) {
    for (const path of pagesOf(database)) {
      await walk.step(`${database.name}: ${path.replace(/^\/d\/[^/?]*|\?.*/g, '') || '/'}`, async () => {
        await open(walk, path)
        await walk.inspect()
      })
    }
    await walk.step(`${database.name}: a statement`, async () => {
      await open(walk, `/d/${database.id}/queries?from=now-15m`)
      await page.locator('tbody td a').first().click()
      await page.getByRole('heading', { name: 'In this window' }).waitFor()
      await walk.inspect()
    })
  }
  for (const path of settings) {
    await walk.step(`settings: ${path}`, async () => {
      await page.goto(`${walk.base}/settings/${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await walk.inspect()
    })
  }
}
