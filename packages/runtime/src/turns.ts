/** How many go on at once, until the event loop has been looked after. */
const AT_ONCE = 8

/**
 * Lets what one answer made ready go on in turns: work that is begun for hundreds at once, a millisecond each, would keep the
 * event loop from everything else. Nobody waits while there is little of it.
 */
export function createTurns(): () => Promise<void> | undefined {
  const waiting: (() => void)[] = []
  let begun = 0
  const next = (): void => {
    const going = waiting.splice(0, AT_ONCE)
    begun = going.length
    for (const go of going) go()
    if (begun > 0) setImmediate(next)
  }
  return () => {
    if (begun === 0) setImmediate(next)
    if (begun < AT_ONCE) {
      begun += 1
      return undefined
    }
    return new Promise((resolve) => void waiting.push(resolve))
  }
}
