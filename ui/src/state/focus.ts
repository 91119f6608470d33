/** Moves the focus to the element after or before the one that has it, among those that `selector` finds. */
export function moveFocus(selector: string, by: 1 | -1): void {
  const found = [...document.querySelectorAll<HTMLElement>(selector)]
  const at = found.findIndex((element) => element === document.activeElement || element.contains(document.activeElement))
  const next = at < 0 ? (by > 0 ? 0 : found.length - 1) : Math.max(0, Math.min(found.length - 1, at + by))
  found[next]?.focus()
  found[next]?.scrollIntoView({ block: 'nearest' })
}
