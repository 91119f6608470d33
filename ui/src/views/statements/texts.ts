import { watchEffect } from 'vue'
import type { Schemas } from '@/api/client'

/** Texts of statements by hash, as far as they were listed: shown at once while the details are read. */
const texts = new Map<string, string>()

export function rememberQueryTexts(read: () => Pick<Schemas['Query'], 'query_hash' | 'query_text'>[]): void {
  watchEffect(() => {
    for (const { query_hash, query_text } of read()) if (query_text) texts.set(query_hash, query_text)
  })
}

export function queryText(hash: string): string | undefined {
  return texts.get(hash)
}
