export interface Entry {
  kind: string
  text: string
  /** What else it may be found by. */
  more: string
}

/** How well `entry` fits all `words`: 0 not at all, more where a word begins the text. */
function fit(entry: Entry, words: string[]): number {
  const text = entry.text.toLowerCase()
  const more = entry.more.toLowerCase()
  let total = 1
  for (const word of words) {
    const place = text.indexOf(word)
    if (place === 0) total += 3
    else if (place > 0) total += /[^a-z0-9]/.test(text[place - 1]) ? 2 : 1
    else if (!more.includes(word)) return 0
  }
  return total
}

/** The entries in which every word of `query` occurs, those that begin with it first. */
export function ranked(entries: Entry[], query: string): Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return entries
    .map((entry) => ({ entry, fit: fit(entry, words) }))
    .filter(({ fit }) => fit > 0)
    .sort((a, b) => b.fit - a.fit)
    .map(({ entry }) => entry)
}
