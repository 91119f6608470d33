// Walks through the page in a browser against a running server:
//   npm run e2e -- http://127.0.0.1:9400 demo@basira.example watch-me-work
// Fails on any error in the console, any breach of the policy, any finding of axe, and any page that overflows at 380 px.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const [base, email, password] = process.argv.slice(2)
if (!password) throw new Error('usage: npm run e2e -- BASE_URL EMAIL PASSWORD')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
})
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
const page = await context.newPage()
page.setDefaultTimeout(30_000)

const failures = []
let at = 'start'
const fail = (what) => failures.push(`${at}: ${what}`)
page.on('pageerror', (error) => fail(error.message))
page.on('console', (message) => {
  // A request without a session is answered 401 before somebody signs in.
  if (message.type() === 'error' && !message.text().includes('401')) fail(message.text())
})

async function step(name, work) {
  at = name
  const begun = Date.now()
  try {
    await work()
    console.log(`ok   ${name} (${Date.now() - begun} ms)`)
  } catch (error) {
    fail(error.message.split('\n').slice(0, 3).join(' '))
    console.log(`FAIL ${name}: ${error.message.split('\n')[0]}`)
  }
}

/** No finding of axe, and nothing that sticks out at the width of a phone. */
async function inspect() {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }))
  for (const { id, nodes } of violations) fail(`axe ${id}: ${nodes.slice(0, 3).map(({ target }) => target.join(' ')).join(' | ')}`)
  await page.setViewportSize({ width: 380, height: 800 })
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  if (over > 0) fail(`${over} px wider than a phone`)
  await page.setViewportSize({ width: 1280, height: 900 })
}

await step('sign in', async () => {
  await page.goto(`${base}/`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await inspect()
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Databases' }).waitFor()
})

await step('the fleet, filtered', async () => {
  await page.locator('[data-row]').first().waitFor()
  await inspect()
  await page.getByLabel('Filter').fill('no such database')
  await page.getByText('No database fits').waitFor()
  if (!page.url().includes('filter=')) fail('the filter does not stand in the address')
  await page.getByRole('button', { name: 'Show all' }).click()
})

await step('keys: search, help', async () => {
  await page.keyboard.press('/')
  await page.getByRole('combobox', { name: 'Search' }).fill('shop')
  await page.getByRole('option').first().waitFor()
  await inspect()
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await page.getByText('Type a time range', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
})

const databases = await page.evaluate(() => fetch('/api/v1/databases').then((response) => response.json()))
for (const { id, name, engine } of databases.slice(0, 2)) {
  await step(`${name}: overview`, async () => {
    await page.goto(`${base}/d/${id}?from=now-1h`)
    await page.getByRole('heading', { name: 'Load by wait' }).waitFor()
    await page.locator('.u-over').first().waitFor()
    await page.waitForTimeout(1500)
    await inspect()
  })
  await step(`${name}: a span is dragged and cleared`, async () => {
    const box = await page.locator('.u-over').first().boundingBox()
    await page.mouse.move(box.x + box.width * 0.8, box.y + 40)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.95, box.y + 40, { steps: 4 })
    await page.mouse.up()
    await page.getByText('selected').waitFor()
    if (!page.url().includes('sel=')) fail('the selection does not stand in the address')
    await page.getByRole('button', { name: 'clear' }).click()
  })
  await step(`${name}: a typed range, and back`, async () => {
    await page.keyboard.press('t')
    await page.getByRole('textbox', { name: 'Time range' }).fill('now-3h')
    await page.keyboard.press('Enter')
    await page.waitForURL(/from=now-3h/)
    await page.goBack()
    await page.waitForURL(/from=now-1h/)
  })
  const paths = ['queries', 'live', 'doctor', 'events', 'collectors', 'list/tables', 'list/settings', ...(engine === 'postgres' ? ['list/indexes', 'list/vacuum', 'list/replication', 'charts/wal', 'charts/connections', 'charts/transactions'] : ['list/parts', 'list/mutations', 'list/errors', 'charts/server'])]
  for (const path of paths) {
    await step(`${name}: ${path}`, async () => {
      await page.goto(`${base}/d/${id}/${path}`)
      await page.locator('main section, main table').first().waitFor()
      await page.waitForTimeout(1200)
      await inspect()
    })
  }
  await step(`${name}: a statement`, async () => {
    await page.goto(`${base}/d/${id}/queries`)
    await page.locator('tbody td a').first().click()
    await page.getByRole('heading', { name: 'In this window' }).waitFor()
    await inspect()
  })
}

for (const path of ['databases', 'keys', 'people', 'account', 'page', 'store', 'audit']) {
  await step(`settings: ${path}`, async () => {
    await page.goto(`${base}/settings/${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.waitForTimeout(600)
    await inspect()
  })
}
await step('add a database', async () => {
  await page.goto(`${base}/add`)
  await page.getByLabel('Paste its address').fill('postgres://nobody@127.0.0.1:1/x')
  await inspect()
  await page.getByRole('button', { name: 'Test' }).click()
  await page.getByText('No connection').waitFor()
})

await step('the server goes away and comes back', async () => {
  await page.goto(`${base}/`)
  await page.locator('[data-row]').first().waitFor()
  const counted = failures.length
  await context.setOffline(true)
  await page.getByText('The server has not answered').waitFor()
  if ((await page.locator('[data-row]').count()) === 0) fail('what was read before is gone')
  await context.setOffline(false)
  await page.getByText('The server has not answered').waitFor({ state: 'detached' })
  // The browser itself writes to the console that it could not connect.
  failures.splice(counted, failures.length, ...failures.slice(counted).filter((failure) => !failure.includes('ERR_INTERNET_DISCONNECTED')))
})

await browser.close()
console.log(failures.length === 0 ? 'all is well' : `\n${failures.length} failures:\n${[...new Set(failures)].join('\n')}`)
process.exit(failures.length === 0 ? 0 : 1)
