// The pictures of the README: `node tools/screenshots.mjs ../target/debug/basira ../docs/pictures` starts the demo, waits until there
// is something to see, and takes them. MINUTES for another wait than 10.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { launch } from '../e2e/harness.mjs'
import { startDemo } from '../e2e/servers.mjs'

const [binary, folder] = process.argv.slice(2)
const minutes = Number(process.env.MINUTES ?? 10)
mkdirSync(folder, { recursive: true })
const demo = await startDemo(resolve(binary))
const browser = await launch()

async function pictures(page) {
  const databases = await page.evaluate(() => fetch('/api/v1/databases').then((answer) => answer.json()))
  const [postgres, clickhouse] = ['postgres', 'clickhouse'].map((wanted) => databases.find(({ engine }) => engine === wanted))
  // the shop's report: it has joins, so its plan is a tree
  const statements = await page.evaluate((id) => fetch(`/api/v1/databases/${id}/queries?limit=50`).then((answer) => answer.json()), postgres.id)
  const report = statements.find(({ query_text }) => query_text.includes('group by')) ?? statements[0]
  return {
    'overview-dark': ['dark', `/d/${postgres.id}?from=now-${minutes}m`],
    'overview-light': ['light', `/d/${postgres.id}?from=now-${minutes}m`],
    'statement-dark': ['dark', `/d/${postgres.id}/queries/${report.query_hash}?from=now-${minutes}m`],
    'live-light': ['light', `/d/${postgres.id}/live?from=now-${minutes}m`],
    'doctor-dark': ['dark', `/d/${postgres.id}/doctor?from=now-${minutes}m`],
    'clickhouse-light': ['light', `/d/${clickhouse.id}?from=now-${minutes}m`]
  }
}

try {
  const context = await browser.newContext({ viewport: { width: 1366, height: 860 } })
  const page = await context.newPage()
  await page.goto(demo.link)
  await page.getByRole('heading', { name: 'Databases' }).waitFor()
  await new Promise((resume) => setTimeout(resume, minutes * 60e3))
  const session = await context.newCDPSession(page)
  for (const [name, [colorScheme, path]] of Object.entries(await pictures(page))) {
    await page.emulateMedia({ colorScheme })
    await page.goto(demo.base + path)
    await page.waitForTimeout(4000)
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 82 })
    writeFileSync(join(folder, `${name}.webp`), Buffer.from(data, 'base64'))
    console.log(`${name}.webp`)
  }
} finally {
  await browser.close()
  await demo.stop()
}
