import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter, type LocationQueryRaw, type LocationQueryValue } from 'vue-router'

/** The parameters that go along from page to page. */
export const carried = ['from', 'to', 'compare'] as const

const one = (value: LocationQueryValue | LocationQueryValue[] | undefined) => (Array.isArray(value) ? value[0] : value) ?? null

/** The address's query with `changes` made; null and empty text take a parameter out. */
export function changedQuery(query: LocationQueryRaw, changes: Record<string, string | null>): LocationQueryRaw {
  const result = { ...query }
  for (const [name, value] of Object.entries(changes)) {
    if (value) result[name] = value
    else delete result[name]
  }
  return result
}

/** Only what goes along to another page. */
export function carriedQuery(query: LocationQueryRaw): LocationQueryRaw {
  return Object.fromEntries(carried.filter((name) => query[name]).map((name) => [name, query[name]]))
}

/** A parameter of the address as a writable value. Writing `fallback` takes it out again. */
export function useParameter(name: string, fallback: string): WritableComputedRef<string>
export function useParameter(name: string): WritableComputedRef<string | null>
export function useParameter(name: string, fallback: string | null = null) {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => one(route.query[name]) ?? fallback,
    set: (value) => {
      const query = changedQuery(route.query, { [name]: value === fallback ? null : value })
      void router.replace({ query, hash: route.hash })
    }
  })
}

/** Changes several parameters at once; `push` makes the browser's Back undo it. */
export function useChangeAddress() {
  const route = useRoute()
  const router = useRouter()
  return (changes: Record<string, string | null>, push = false) => {
    const target = { query: changedQuery(route.query, changes) }
    return push ? router.push(target) : router.replace(target)
  }
}

/** A sort order as the address has it: `name`, or `-name` from the largest down. */
export interface Sort {
  key: string
  down: boolean
}

export function parseSort(text: string): Sort {
  return text.startsWith('-') ? { key: text.slice(1), down: true } : { key: text, down: false }
}

export function sortText({ key, down }: Sort): string {
  return down ? `-${key}` : key
}
