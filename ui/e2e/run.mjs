// Walks through the page in a browser against servers of its own:
//   npm run e2e -- ../target/debug/basira
// Fails on any error in the console, any breach of the policy, any request elsewhere, any finding of axe, and any page that
// is wider than its window. CHROMIUM names the browser.
import { resolve } from 'node:path'
import { firstSteps } from './first-steps.mjs'
import { launch, Walk } from './harness.mjs'
import { hostile, largeFleet } from './hostile.mjs'
import { journey } from './journey.mjs'
import { EmptyServer, startDemo } from './servers.mjs'
import { everyView, signInByLink } from './views.mjs'

const binary = resolve(process.argv[2] ?? '../target/debug/basira')
/** Of the role that the demo watches its PostgreSQL by. */
const login = 'basira:only-reads-statistics'

const begun = Date.now()
const demo = await startDemo(binary)
const empty = new EmptyServer(binary)
await empty.start()
const browser = await launch()
const walks = []

async function begin(base) {
  const walk = await Walk.open(browser, base)
  walks.push(walk)
  return walk
}

try {
  const databases = await fetch(`${demo.base}/api/v1/databases`, { headers: { 'X-API-Key': demo.key } }).then((answer) => answer.json())
  const postgres = databases.find(({ engine }) => engine === 'postgres')
  const visitor = await begin(demo.base)
  await signInByLink(visitor, demo.link)
  const newcomer = await begin(empty.base)
  const stranger = await begin(demo.base)
  await stranger.context.addCookies(await visitor.context.cookies())
  // Two at once: that is how many processors there are at least.
  await Promise.all([
    journey(visitor, postgres).then(() => everyView(visitor, databases)),
    firstSteps(newcomer, empty, `postgres://${login}@127.0.0.1:${postgres.port}/postgres`)
      .then(() => largeFleet(stranger))
      .then(() => hostile(stranger, databases))
  ])
} finally {
  await browser.close()
  await empty.kill()
  await demo.stop()
}
const failures = walks.reduce((sum, walk) => sum + walk.failures.length, 0)
console.log(`${failures === 0 ? 'all is well' : `${failures} failures`}, after ${Math.round((Date.now() - begun) / 1000)} s`)
process.exit(failures === 0 ? 0 : 1)
