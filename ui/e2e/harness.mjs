// What the walks through the page have in common: a browser, steps that are told, and what must hold on every page.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']
/** Rows are alike: the first of a long table stand for all. */
const looked = { exclude: ['tbody tr:nth-child(n+12)'] }
const widths = [380, 2560, 1366]

export function launch() {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args })
}

/** A page in a context of its own, and what went wrong on it. */
export class Walk {
  failures = []
  at = 'start'
  /** Whether the server or the session is gone on purpose, so that requests fail. */
  isAway = false

  static async open(browser, base) {
    const context = await browser.newContext({ viewport: { width: 1366, height: 900 }, colorScheme: 'dark' })
    const walk = new Walk()
    Object.assign(walk, { base, context, page: await context.newPage() })
    walk.page.setDefaultTimeout(30_000)
    walk.watch()
    return walk
  }

  watch() {
    const { page, base } = this
    page.on('pageerror', (error) => this.fail(error.message))
    page.on('dialog', async (dialog) => {
      this.fail(`a dialog opens: ${dialog.message()}`)
      await dialog.dismiss()
    })
    page.on('console', (message) => {
      // A request without a session is answered 401 before somebody signs in.
      if (message.type() === 'error' && !this.isAway && !message.text().includes('401')) this.fail(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(base) && !request.url().startsWith('blob:')) this.fail(`asks elsewhere: ${request.url()}`)
    })
  }

  fail(what) {
    this.failures.push(`${this.at}: ${what}`)
  }

  async step(name, work) {
    this.at = name
    const begun = Date.now()
    const before = this.failures.length
    try {
      await work()
    } catch (error) {
      this.fail(error.message.split('\n').slice(0, 3).join(' '))
    }
    const failed = this.failures.slice(before)
    console.log([`${failed.length === 0 ? 'ok  ' : 'FAIL'} ${name} (${Date.now() - begun} ms)`, ...failed].join('\n     '))
  }

  /** No finding of axe in either theme, one heading of the first level, and nothing that sticks out at any width. */
  async inspect() {
    const { page } = this
    await page.evaluate(axe)
    const findings = async (runOnly) => (await page.evaluate((options) => globalThis.axe.run(options.looked, { runOnly: options.runOnly, resultTypes: ['violations'] }), { looked, runOnly })).violations
    const found = await findings(rules)
    await page.emulateMedia({ colorScheme: 'light' })
    found.push(...(await findings({ type: 'rule', values: ['color-contrast'] })))
    await page.emulateMedia({ colorScheme: 'dark' })
    for (const { id, nodes } of found) this.fail(`axe ${id}: ${nodes.slice(0, 3).map(({ target }) => target.join(' ')).join(' | ')}`)
    const headings = await page.locator('h1').count()
    if (headings !== 1) this.fail(`${headings} headings of the first level`)
    await this.fits()
  }

  async fits() {
    for (const width of widths) {
      await this.page.setViewportSize({ width, height: 900 })
      const over = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (over > 0) this.fail(`${over} px too wide at ${width}`)
    }
  }
}
