import { reactive, watch } from 'vue'
import { defaultSpan } from '@/time/span'
import type { Zone } from '@/time/format'

export type Theme = 'system' | 'light' | 'dark'

interface Preferences {
  theme: Theme
  zone: Zone
  /** The span that a page opens with when the address names none. */
  from: string
  /** Columns that somebody chose, by the name of the table. */
  columns: Record<string, string[]>
}

const place = 'basira.preferences'

function stored(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(place) ?? '{}')
  } catch {
    return {}
  }
}

/** What somebody chose in this browser; kept in its storage. */
export const preferences = reactive<Preferences>({
  theme: 'system',
  zone: 'utc',
  from: defaultSpan.from,
  columns: {},
  ...stored()
})

export function keepPreferences(): void {
  watch(
    preferences,
    (value) => {
      document.documentElement.dataset.theme = value.theme
      localStorage.setItem(place, JSON.stringify(value))
    },
    { immediate: true }
  )
}
