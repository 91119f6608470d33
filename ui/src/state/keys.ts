import { onMounted, onUnmounted } from 'vue'

/** What a key or two in a row do, such as `/` or `g d`. */
export interface Shortcut {
  keys: string
  does: string
  run: () => void
}

const shortcuts: Shortcut[] = []
let before = ''

/** Whether a key press is meant for a field or a dialog and not for the page. */
function isTyping(event: KeyboardEvent): boolean {
  const target = event.target
  return target instanceof HTMLElement && (target.matches('input, textarea, select, [contenteditable]') || target.closest('dialog') !== null)
}

/** The shortcut that `pressed` completes, `previous` being the key before it. */
export function found(known: Shortcut[], previous: string, pressed: string): Shortcut | undefined {
  return known.findLast(({ keys }) => keys === `${previous} ${pressed}`) ?? known.findLast(({ keys }) => keys === pressed)
}

function press(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return
  const shortcut = found(shortcuts, before, event.key)
  before = event.key
  if (!shortcut) return
  before = ''
  event.preventDefault()
  shortcut.run()
}

export function listenForKeys(): void {
  document.addEventListener('keydown', press)
}

/** Shortcuts that work as long as the component is there. */
export function useShortcuts(own: Shortcut[]): void {
  onMounted(() => shortcuts.push(...own))
  onUnmounted(() => own.forEach((shortcut) => shortcuts.splice(shortcuts.indexOf(shortcut), 1)))
}

/** All shortcuts that work right now. */
export function currentShortcuts(): Shortcut[] {
  return [...shortcuts]
}
