import { onUnmounted, ref, watch, type Ref } from 'vue'
import type { Schemas } from './client'
import { session } from './session'

export type LiveState = 'connecting' | 'open' | 'away' | 'closed'

/** What a live stream of sessions has shown last. */
export interface LiveStream {
  sessions: Ref<Schemas['ActiveQuery'][]>
  /** When the watched server was looked at, by its clock. */
  at: Ref<string | null>
  state: Ref<LiveState>
  problem: Ref<string | null>
}

const longestPause = 15e3

/** The sessions of a database as they come, as long as `wanted`. The stream is opened again whenever it breaks. */
export function useLiveStream(id: Ref<string>, interval: Ref<number>, wanted: Ref<boolean>): LiveStream {
  const sessions = ref<Schemas['ActiveQuery'][]>([])
  const at = ref<string | null>(null)
  const state = ref<LiveState>('closed')
  const problem = ref<string | null>(null)
  let socket: WebSocket | null = null
  let pause = 1000
  let waiting: ReturnType<typeof setTimeout> | undefined

  function open() {
    state.value = 'connecting'
    const url = new URL(`/api/v1/databases/${id.value}/active/ws?interval=${interval.value}`, location.href)
    url.protocol = url.protocol.replace('http', 'ws')
    socket = new WebSocket(url)
    socket.onmessage = ({ data }) => take(JSON.parse(data) as Schemas['LiveFrame'])
    socket.onclose = ({ code, reason }) => void comeBack(code, reason)
  }

  function take(frame: Schemas['LiveFrame']) {
    pause = 1000
    if (frame.type === 'snapshot') {
      sessions.value = frame.queries ?? []
      at.value = frame.ts ?? null
      problem.value = null
    }
    if (frame.type === 'status') problem.value = frame.last_error ?? 'the database is away'
    state.value = frame.type === 'status' && frame.status === 'disconnected' ? 'away' : 'open'
  }

  async function comeBack(code: number, reason: string) {
    socket = null
    if (!wanted.value) return
    state.value = 'away'
    problem.value = reason || 'the live stream broke off; it is opened again'
    // The token of the cookie ran out: any request renews it.
    if (code === 4401) await session.load().catch(() => null)
    clearTimeout(waiting)
    waiting = setTimeout(() => wanted.value && open(), pause)
    pause = Math.min(longestPause, pause * 2)
  }

  function close() {
    clearTimeout(waiting)
    state.value = 'closed'
    if (socket) socket.onclose = null
    socket?.close()
    socket = null
  }

  watch(
    [id, interval, wanted],
    () => {
      close()
      if (wanted.value) open()
    },
    { immediate: true }
  )
  onUnmounted(close)
  return { sessions, at, state, problem }
}
