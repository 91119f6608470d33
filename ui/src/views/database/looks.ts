import { useQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef } from 'vue'
import type { Schemas } from '@/api/client'
import { readOnce } from '@/api/read'
import { classOf, type WaitClass } from '@/charts/classes'
import { resolve, type Span, type Window } from '@/time/span'

type Session = Schemas['ActiveQuery']

/** What the flight recorder saw at one moment. */
export interface Look {
  at: number
  sessions: Session[]
}

const mostLooks = 24

/** Moments spread evenly over `window`, one in the middle of each slice, no closer than the recorder looks. */
export function moments(window: Window, most = mostLooks): number[] {
  const number = Math.max(1, Math.min(most, Math.floor((window.until - window.since) / 10e3)))
  const slice = (window.until - window.since) / number
  return Array.from({ length: number }, (_, index) => Math.round(window.since + slice * (index + 0.5)))
}

/** Whether a session was at work, and not waiting for its client or for work to come. */
export function isAtWork(session: Session): boolean {
  return session.state === 'active' && session.wait_event_type !== 'Activity'
}

/** Load by some property of sessions, split by class of wait; in average active sessions over the looks. */
export interface Share {
  key: string
  load: number
  parts: { name: WaitClass; value: number }[]
}

export function shares(looks: Look[], keyOf: (session: Session) => string | null, only: string | null = null): Share[] {
  const byKey = new Map<string, Map<WaitClass, number>>()
  for (const session of looks.flatMap((look) => look.sessions).filter(isAtWork)) {
    const name = classOf(session.wait_event_type)
    if (only !== null && name !== only) continue
    const key = keyOf(session) ?? 'not named'
    const byClass = byKey.get(key) ?? new Map<WaitClass, number>()
    byKey.set(key, byClass)
    byClass.set(name, (byClass.get(name) ?? 0) + 1 / looks.length)
  }
  return [...byKey]
    .map(([key, byClass]) => {
      const parts = [...byClass].map(([name, value]) => ({ name, value }))
      return { key, parts, load: parts.reduce((sum, part) => sum + part.value, 0) }
    })
    .sort((a, b) => b.load - a.load)
}

/** Looks of the recorder over a span: an estimate of who and what the load was, until the API slices waits itself. */
export function useLooks(id: ComputedRef<string>, span: ComputedRef<Span>) {
  return useQuery({
    queryKey: ['looks', id, span],
    queryFn: async ({ signal }) => {
      const window = resolve(span.value, Date.now())
      const waiting = window ? moments(window) : []
      const looks = new Map<string, Look>()
      const next = async (): Promise<void> => {
        for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
          const { data } = await readOnce(
            '/api/v1/databases/{id}/active',
            { path: { id: id.value }, query: { at: new Date(at).toISOString(), limit: 200 } },
            {},
            signal
          )
          if (data.length > 0) looks.set(data[0].ts, { at: Date.parse(data[0].ts), sessions: data })
        }
      }
      await Promise.all([next(), next(), next()])
      return [...looks.values()]
    },
    staleTime: 60e3,
    refetchInterval: computed(() => (span.value.to === 'now' ? 60e3 : false)),
    placeholderData: (before) => before
  })
}
