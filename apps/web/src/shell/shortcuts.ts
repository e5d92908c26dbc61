import { useEffect } from 'react'

export type Shortcut = Readonly<{
  /** One key, or two in a row with a space between them. */
  keys: string
  what: string
  run: () => void
}>

const SEQUENCE_MS = 1_000

/** Whether keys go into a text, where they are letters. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}

/** The shortcut that a key completes, after the key before it if that was just now. */
export function shortcutFor(
  shortcuts: readonly Shortcut[],
  key: string,
  before: Readonly<{ key: string; at: number }> | null,
  now: number,
): Shortcut | undefined {
  const fresh = before !== null && now - before.at < SEQUENCE_MS
  return (
    (fresh ? shortcuts.find(({ keys }) => keys === `${before.key} ${key}`) : undefined) ??
    shortcuts.find(({ keys }) => keys === key)
  )
}

/** Listens for the shortcuts while the component is there. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  useEffect(() => {
    let before: { key: string; at: number } | null = null
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('dialog[open]') !== null) return
      const found = shortcutFor(shortcuts, event.key, before, event.timeStamp)
      before = found === undefined ? { key: event.key, at: event.timeStamp } : null
      if (found === undefined) return
      event.preventDefault()
      found.run()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [shortcuts])
}
