import { reactive } from 'vue'

/** Names of databases by id, as far as they were seen. */
const names = reactive(new Map<string, string>())

export function rememberName(id: string, name: string): void {
  if (names.get(id) !== name) names.set(id, name)
}

export function databaseName(id: string): string | undefined {
  return names.get(id)
}
