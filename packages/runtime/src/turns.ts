/** So long goes on what goes on in a row, until the event loop has been looked after: sockets, timers, heartbeats. */
const SLICE_MS = 4
/** How many go on unasked in a round of the loop: what each of them will take is not known yet. */
const AT_ONCE = 4

/**
 * Lets what many answers made ready go on in turns: work that is begun for hundreds at once, a millisecond each, would keep the
 * event loop from everything else. Nobody waits while there is little of it.
 */
export function createTurns(): () => Promise<void> | undefined {
  const waiting: (() => void)[] = []
  let begun = 0
  let inRound = false
  let until = 0
  const round = (): void => {
    inRound = waiting.length > 0
    if (!inRound) return
    until = performance.now() + SLICE_MS
    setImmediate(round)
    goOn()
  }
  /** What goes on has all its steps behind it, up to where it waits for something, when the next one is looked at. */
  const goOn = (): void => {
    const go = waiting.shift()
    if (go === undefined) return
    go()
    queueMicrotask(() => process.nextTick(nextInTime))
  }
  const nextInTime = (): void => {
    if (performance.now() < until) goOn()
  }
  return () => {
    if (!inRound) {
      inRound = true
      begun = 0
      setImmediate(round)
    }
    begun += 1
    if (waiting.length === 0 && begun <= AT_ONCE) return undefined
    return new Promise((resolve) => void waiting.push(resolve))
  }
}

/** The turns of this process: it has one event loop. */
export const loopTurn = createTurns()
