import { reactive } from 'vue'

/** Whether the server can be reached. While it cannot, it is asked every few seconds, and whoever waits is told when it is back. */
export const connection = reactive({
  lostAt: null as number | null,

  failed() {
    if (this.lostAt !== null) return
    this.lostAt = Date.now()
    void knock()
  },

  answered() {
    this.lostAt = null
  }
})

const listeners: (() => void)[] = []

/** Calls `listener` each time the server is back. */
export function onReturn(listener: () => void): void {
  listeners.push(listener)
}

async function knock(): Promise<void> {
  while (connection.lostAt !== null) {
    await new Promise((resume) => setTimeout(resume, 3000))
    const answered = await fetch('/healthz').then((response) => response.ok, () => false)
    if (answered) {
      connection.answered()
      listeners.forEach((listener) => listener())
    }
  }
}
