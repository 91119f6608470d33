import { computed, type ComputedRef } from 'vue'
import { useRoute } from 'vue-router'
import { useChangeAddress } from '@/state/address'
import { preferences } from '@/state/preferences'
import { now } from './clock'
import { defaultSpan, fixed, isLive, resolve, type Span, type Window } from './span'

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** The one time range of the page, and what is selected within it, both from the address. */
export function useRange() {
  const route = useRoute()
  const change = useChangeAddress()

  const span: ComputedRef<Span> = computed(() => {
    const asked = { from: text(route.query.from) ?? preferences.from, to: text(route.query.to) ?? 'now' }
    return resolve(asked, Date.now()) ? asked : defaultSpan
  })
  const selection: ComputedRef<Span | null> = computed(() => {
    const [from, to] = (text(route.query.sel) ?? '').split('~')
    const asked = { from, to }
    return to && resolve(asked, Date.now()) ? asked : null
  })
  const window = computed<Window>(() => resolve(span.value, now.value) ?? { since: now.value - 3600e3, until: now.value })

  return {
    span,
    selection,
    window,
    live: computed(() => isLive(span.value)),
    /** What the lists are about: the selection, else everything. */
    focus: computed<Span>(() => selection.value ?? span.value),
    setSpan: (next: Span) =>
      change({ from: next.from === preferences.from ? null : next.from, to: next.to === 'now' ? null : next.to, sel: null }, true),
    select: (next: Window | null) => {
      const ends = next && fixed(next)
      return change({ sel: ends && `${ends.from}~${ends.to}` })
    }
  }
}
