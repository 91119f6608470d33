// What watched servers may be full of: script, other writing directions, very long texts. All of it is shown as text.
import { open, pagesOf } from './views.mjs'

const texts = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(2)</script>',
  "'-alert(3)-' {{ constructor.constructor('alert(4)')() }}",
  'javascript:alert(5)',
  '\u202eright to left\u2066 and \u0000 nothing',
  '👩‍👩‍👧‍👦 ünïcödé 数据库'
]
/** As long as a statement may be. Each answer has it once, else the page would be all that there is to wait for. */
const longest = 'x'.repeat(60_000)
const long = 'y'.repeat(1_000)
/** Fields whose values come from watched servers or from people. */
const theirs =
  /^(name|query_text|.*_name|definition|client_addr|detail|last_error|reason|fix|error|setting|value|description|subject|before|after|email|investigate|path|type|text|latest_fail_reason|command|objects|message|Relation Name|Index Name|Alias|Schema|Filter|Output|Node Type)$/

/** `value` with a hostile text in place of each that is not of Basira's own making. */
function poisoned(value, key = '', counter = { next: 0 }) {
  if (Array.isArray(value)) return value.map((item) => poisoned(item, key, counter))
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, poisoned(item, name, counter)]))
  if (typeof value !== 'string' || !theirs.test(key)) return value
  const place = counter.next++
  if (place === 1) return longest
  return place % 2 === 0 ? texts[(place / 2) % texts.length] : long
}

export async function hostile(walk, databases) {
  const { page } = walk
  await page.route('**/api/v1/**', async (route) => {
    // Frames of the page that went away meanwhile need no answer.
    const response = await route.fetch().catch(() => null)
    if (!response) return route.abort()
    const body = await response.json().catch(() => null)
    const isData = route.request().method() === 'GET' && body !== null && !route.request().url().includes('/auth/')
    return route.fulfill(isData ? { response, json: poisoned(body) } : { response })
  })
  await page.routeWebSocket(/\/active\/ws/, (socket) => {
    const server = socket.connectToServer()
    server.onMessage((frame) => {
      const { type, ...rest } = JSON.parse(frame)
      socket.send(JSON.stringify({ type, ...poisoned(rest) }))
    })
  })
  for (const path of ['/', ...databases.flatMap(pagesOf), '/settings/databases', '/settings/audit']) {
    await walk.step(`hostile: ${path.replace(/^\/d\/[^/?]*|\?.*/g, '') || '/'}`, async () => {
      await open(walk, path)
      const made = await page.locator('main img, main script, main iframe').count()
      if (made > 0) walk.fail(`${made} elements were made of a text`)
      await walk.fits()
    })
  }
  await page.unrouteAll({ behavior: 'ignoreErrors' })
}

/** 300 databases, made of those that there are. */
export async function largeFleet(walk) {
  const { page } = walk
  await page.route('**/api/v1/overview?**', async (route) => {
    const response = await route.fetch()
    const lines = await response.json()
    const many = Array.from({ length: 300 }, (_, index) => ({ ...lines[index % lines.length], name: `database ${index}`, health_score: index % 101 }))
    return route.fulfill({ response, json: many })
  })
  await walk.step('a fleet of 300', async () => {
    await page.goto(walk.base)
    await page.getByText('300 databases').waitFor()
    const drawn = await page.locator('[data-row]').count()
    if (drawn > 100) walk.fail(`${drawn} rows are drawn at once`)
    await walk.inspect()
    for (let row = 0; row < 60; row++) await page.keyboard.press('j')
    const focused = await page.evaluate(() => document.activeElement?.textContent ?? '')
    if (!focused.startsWith('database ')) walk.fail(`the keys lead to ${focused || 'nothing'}`)
  })
  await page.unrouteAll({ behavior: 'ignoreErrors' })
}
