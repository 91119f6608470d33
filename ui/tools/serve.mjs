// Serves dist/ under the policy that the server has for its pages, and passes everything else on to a server of Basira:
//   npm run serve -- --server http://127.0.0.1:8080 --port 9400
import { createReadStream, existsSync, statSync } from 'node:fs'
import http from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { server: { type: 'string', default: 'http://127.0.0.1:8080' }, port: { type: 'string', default: '9400' } }
})
const dist = fileURLToPath(new URL('../dist', import.meta.url))
const server = new URL(values.server)

export const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types vue"

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml'
}
/** What the API answers, and the pages that the server makes by itself. */
const ofServer = /^\/(api\/|healthz|readyz|docs|openapi\.json|verify-email|reset-password|accept-invitation|assets\/account\.)/

/** The headers of `request` as if the page came from the server itself, so that its checks of Host and Origin hold. */
function passedOn(request) {
  const headers = { ...request.headers, host: server.host }
  if (headers.origin) headers.origin = server.origin
  return { hostname: server.hostname, port: server.port, path: request.url, method: request.method, headers }
}

const front = http.createServer((request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname
  if (ofServer.test(path)) {
    const onward = http.request(passedOn(request), (answer) => {
      response.writeHead(answer.statusCode, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
    return
  }
  const file = join(dist, normalize(path))
  const found = file.startsWith(dist) && existsSync(file) && statSync(file).isFile()
  if (!found && path.startsWith('/assets/')) return response.writeHead(404).end()
  const sent = found ? file : join(dist, 'index.html')
  response.writeHead(200, {
    'Content-Type': types[extname(sent)] ?? 'application/octet-stream',
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff'
  })
  createReadStream(sent).pipe(response)
})

front.on('upgrade', (request, socket, head) => {
  const onward = http.request(passedOn(request))
  onward.on('upgrade', (answer, other, rest) => {
    const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`)
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
    other.write(head)
    socket.write(rest)
    other.pipe(socket).pipe(other)
    other.on('error', () => socket.destroy())
    socket.on('error', () => other.destroy())
  })
  onward.on('error', () => socket.destroy())
  onward.end()
})

front.listen(Number(values.port), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${values.port}, asking ${server.origin}`))
