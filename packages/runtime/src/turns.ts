/** How long what became ready together may go on before the event loop is looked after, and how many go on at once then. */
const SLICE_MS = 5
const AT_ONCE = 4

/**
 * Lets what one answer made ready go on in turns: work that is begun for hundreds at once, a millisecond each, would keep the
 * event loop from everything else. Costs nothing while there is little of it.
 */
export function createTurns(): () => Promise<void> | void {
  const waiting: (() => void)[] = []
  let since: number | null = null
  const next = (): void => {
    for (const go of waiting.splice(0, AT_ONCE)) go()
    if (waiting.length > 0) setImmediate(next)
    else since = null
  }
  return () => {
    if (since === null) {
      since = performance.now()
      setImmediate(next)
    }
    if (waiting.length === 0 && performance.now() - since < SLICE_MS) return
    return new Promise((resolve) => void waiting.push(resolve))
  }
}
