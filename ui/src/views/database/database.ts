import { inject, type ComputedRef, type InjectionKey } from 'vue'
import type { Schemas } from '@/api/client'
import type { Window } from '@/time/span'

interface OneDatabase {
  id: ComputedRef<string>
  database: ComputedRef<Schemas['Database'] | undefined>
}

export const databaseKey: InjectionKey<OneDatabase> = Symbol('database')

/** The database that the page is about. */
export function useDatabase(): OneDatabase & { path: () => { path: { id: string } } } {
  const found = inject(databaseKey)
  if (!found) throw new Error('only within DatabaseShell')
  return { ...found, path: () => ({ path: { id: found.id.value } }) }
}

/** How much of `window` the database was watched, in milliseconds: what rates are over. */
export function watchedMs(window: Window | null, database: Schemas['Database'] | undefined): number {
  if (!window) return 0
  const began = Date.parse(database?.created_at ?? '') || 0
  return Math.max(0, Math.min(window.until, Date.now()) - Math.max(window.since, began))
}

/** How many processors a database has, as far as somebody said so with the tag `cpus`. */
export function cpusOf(database: Schemas['Database'] | undefined): number | null {
  const cpus = Number(database?.tags.cpus)
  return Number.isFinite(cpus) && cpus > 0 ? cpus : null
}
