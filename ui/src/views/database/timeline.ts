import { computed } from 'vue'
import type { Schemas } from '@/api/client'
import { useRead } from '@/api/read'
import { gapsOf, merged, reasonText, type Gap } from '@/charts/gaps'
import type { Mark } from '@/charts/series'
import { spoken } from '@/text/names'
import { useRange } from '@/time/range'
import { useDatabase } from './database'

const icons: Record<string, string> = {
  plan_changed: '◆',
  setting_changed: '▾',
  server_restarted: '↻',
  version_changed: '↻',
  promoted: '⇄',
  server_changed: '⇄',
  counters_reset: '0',
  node_missing: '▲'
}

export function eventIcon(kind: string): string {
  return kind === 'gap' ? '▨' : (icons[kind] ?? '▪')
}

/** `work_mem: 64MB → 16MB` */
export function eventText(event: Schemas['Event']): string {
  const subject = event.subject ?? ''
  const values = [event.before, event.after].filter((value) => value !== null)
  const short = values.map((value) => (value && value.length > 80 ? `${value.slice(0, 79)}…` : value))
  return [spoken(event.kind), subject, short.join(' → ')].filter(Boolean).join(' · ')
}

/** What happened in the window of the page, for every chart of a database. */
export function useTimeline() {
  const { path, database } = useDatabase()
  const { window } = useRange()
  const events = useRead('/api/v1/databases/{id}/events', () => ({ ...path(), query: { limit: 500 } }), { span: 'page' })

  const marks = computed<Mark[]>(() =>
    (events.data.value ?? [])
      .filter(({ kind }) => kind !== 'gap')
      .map((event) => ({ at: Date.parse(event.ts), icon: eventIcon(event.kind), text: eventText(event) }))
  )
  const beforeWatching = computed<Gap[]>(() => {
    const began = Date.parse(database.value?.created_at ?? '')
    return began > window.value.since ? [{ since: window.value.since, until: began, reason: reasonText('not_watched') }] : []
  })
  /** Gaps in what is stored of one kind, such as `waits`. */
  const gapsIn = (stream: string): Gap[] => merged([...gapsOf(events.data.value ?? [], stream), ...beforeWatching.value], window.value)
  return { events, marks, gapsIn }
}
