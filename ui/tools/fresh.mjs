// Says whether release/ is what the sources build: `npm run fresh` builds into a folder of its own and compares.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

const folder = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url))
const release = folder('release')
const unpack = { '.br': brotliDecompressSync, '.gz': gunzipSync }

/** The hash of each file below `root` by its path. How well files are compressed depends on Node.js: what is in them counts. */
function hashes(root) {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      const content = readFileSync(path)
      const plain = unpack[path.slice(-3)]?.(content) ?? content
      return [relative(root, path), createHash('sha256').update(plain).digest('hex')]
    })
  )
}

const [built, kept] = [hashes(folder(process.argv[2])), hashes(release)]
const differs = [...built].filter(([path, hash]) => kept.get(path) !== hash).map(([path]) => path)
for (const [path, hash] of kept) {
  const plain = path.replace(/\.(br|gz)$/, '')
  if (!built.has(plain) || built.get(plain) !== hash) differs.push(path)
}
if (differs.length > 0) {
  console.error(`ui/release is not what the sources build; run npm run release and commit it. It differs in:\n${[...new Set(differs)].sort().join('\n')}`)
  process.exit(1)
}
