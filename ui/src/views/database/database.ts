import { inject, type ComputedRef, type InjectionKey } from 'vue'
import type { Schemas } from '@/api/client'

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

/** How many processors a database has, as far as somebody said so with the tag `cpus`. */
export function cpusOf(database: Schemas['Database'] | undefined): number | null {
  const cpus = Number(database?.tags.cpus)
  return Number.isFinite(cpus) && cpus > 0 ? cpus : null
}
