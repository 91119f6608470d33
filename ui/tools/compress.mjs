// Writes a `.br` and a `.gz` sibling for each file of dist/ that gets smaller: the server sends them as they are.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url).pathname

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || /\.(br|gz|png|woff2)$/.test(entry.name)) continue
  const path = join(entry.parentPath, entry.name)
  const plain = readFileSync(path)
  // less than that is one packet either way
  if (plain.length < 1400) continue
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length }
  const forms = { br: brotliCompressSync(plain, { params }), gz: gzipSync(plain, { level: 9 }) }
  for (const [ending, compressed] of Object.entries(forms)) {
    if (compressed.length < plain.length) writeFileSync(`${path}.${ending}`, compressed)
  }
}
