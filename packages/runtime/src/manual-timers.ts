import type { Timers } from './clock.ts'

/** Timers for tests: time stands still until `advance`. */
export interface ManualTimers extends Timers {
  /** Runs what falls due within the next `ms`, letting promises settle after each call. */
  advance(ms: number): Promise<void>
  /** How many calls are waiting. */
  readonly waiting: number
}

export function createManualTimers(): ManualTimers {
  const calls = new Set<{ at: number; call: () => void }>()
  let now = 0
  return {
    after(ms, call) {
      const entry = { at: now + ms, call }
      calls.add(entry)
      return () => void calls.delete(entry)
    },
    async advance(ms) {
      const until = now + ms
      for (;;) {
        const next = [...calls].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        calls.delete(next)
        now = next.at
        next.call()
        await settled()
      }
      now = until
    },
    get waiting() {
      return calls.size
    },
  }
}

/** Resolves after everything that promises alone can bring about has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
