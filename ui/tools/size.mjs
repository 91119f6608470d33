// Says what the first load of the page takes: index.html, the scripts and styles that it names and what they import at once.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const seen = new Map()

function take(name) {
  if (seen.has(name)) return
  const content = readFileSync(`${dist}${name}`)
  seen.set(name, content)
  if (!/\.(js|html)$/.test(name)) return
  const text = content.toString()
  const named = name.endsWith('.html')
    ? text.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g)
    : text.matchAll(/(?:import|from)\s*"\.\/([^"]+\.js)"/g)
  for (const [, found] of named) take(found.startsWith('/') ? found : `/assets/${found}`)
}

/** Views that are loaded by themselves, to be added to the first load where they are the first page. */
const views = process.argv.slice(2)
take('/index.html')
for (const view of views) take(`/assets/${view}`)

const total = { raw: 0, gzip: 0, brotli: 0 }
for (const [name, content] of seen) {
  const sizes = { raw: content.length, gzip: gzipSync(content, { level: 9 }).length, brotli: brotliCompressSync(content).length }
  for (const key of Object.keys(total)) total[key] += sizes[key]
  console.log(`${name}: ${sizes.raw} B, gzip ${sizes.gzip}, brotli ${sizes.brotli}`)
}
console.log(`together: ${total.raw} B, gzip ${total.gzip}, brotli ${total.brotli}`)
