import { setTimeout as wait } from 'node:timers/promises'

type Nothing = undefined | null | false

export interface UntilOptions {
  /** What is waited for, as in "until <what>", for the error. */
  readonly what: string
  /** Only what never comes takes all of it; a busy machine may need a good part for what else takes a moment. */
  readonly timeoutMs?: number
}

const firstWaitMs = 5
const longestWaitMs = 50

/**
 * The value of the condition as soon as it is neither undefined, null nor false. A condition that throws is not met
 * yet; its last error is the cause of the one that a time-out throws.
 */
export async function until<T>(
  condition: () => T | Nothing | Promise<T | Nothing>,
  { what, timeoutMs = 30_000 }: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let cause: unknown
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 1.5, longestWaitMs)) {
    try {
      const value = await condition()
      if (value !== undefined && value !== null && value !== false) return value
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) {
      throw new Error(`gave up after ${timeoutMs} ms waiting until ${what}`, cause === undefined ? {} : { cause })
    }
    await wait(waitMs)
  }
}
