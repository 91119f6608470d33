import type { Schemas } from '@/api/client'

export const engineName: Record<Schemas['Engine'], string> = { postgres: 'PostgreSQL', clickhouse: 'ClickHouse' }

/** `server_restarted` as a person says it. */
export function spoken(name: string): string {
  const words = name.replace(/[_.-]+/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
