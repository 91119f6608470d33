/** `env=prod, team=shop` as pairs; what has no `=` becomes a tag that says yes. */
export function readTags(text: string): Record<string, string> {
  const pairs = text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => {
      const at = part.indexOf('=')
      return at < 0 ? [part, 'yes'] : [part.slice(0, at).trim(), part.slice(at + 1).trim()]
    })
  return Object.fromEntries(pairs.filter(([name]) => name))
}

export function writeTags(tags: Record<string, string>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
}
