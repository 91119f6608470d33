// The servers that the walks need: `basira demo` with all that it watches, and an empty `basira serve`.
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Starts `command`; resolves with the process and what it printed, once a line of it fits `ready`. */
function start(command, args, options, ready) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options })
  const printed = []
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`${args[0]} ended with ${code}:\n${printed.join('\n')}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      printed.push(line)
      if (ready.test(line)) resolve({ child, printed: printed.join('\n') })
    })
  })
}

const ended = (child) => new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.on('exit', resolve) : resolve()))

/** The demo: where it is, and the link that signs in to it. */
export async function startDemo(binary) {
  const { child, printed } = await start(binary, ['demo', '--listen', '127.0.0.1:0'], {}, /^Ctrl-C/)
  const link = printed.match(/http\S+\/login#token=\S+/)[0]
  const key = printed.match(/API key\s+(\S+)/)[1]
  const stop = async () => {
    child.kill('SIGINT')
    await ended(child)
  }
  return { base: new URL(link).origin, link, key, stop }
}

/** A server of its own without any account, which may be killed and started again in the same place. */
export class EmptyServer {
  data = mkdtempSync(join(tmpdir(), 'basira-walk-'))
  listen = '127.0.0.1:0'

  constructor(binary) {
    this.binary = binary
  }

  async start() {
    const env = { ...process.env, BASIRA__HTTP__LISTEN: this.listen, BASIRA__DATA_DIR: this.data, BASIRA__LOG__LEVEL: 'error' }
    const { child, printed } = await start(this.binary, ['serve'], { cwd: this.data, env }, /^listening on /)
    this.child = child
    this.base = printed.match(/listening on (\S+)/)[1]
    this.listen = new URL(this.base).host
  }

  async kill() {
    this.child.kill('SIGKILL')
    await ended(this.child)
  }
}
