import { setTimeout as wait } from 'node:timers/promises'

export type UntilOptions = Readonly<{
  /** As in "until <what>", for the error. */
  what: string
  signal: AbortSignal
  everyMs?: number
  timeoutMs?: number
}>

/** The condition's first value that is neither undefined, null nor false. Throws when none comes in time. */
export async function until<T>(
  condition: () => Promise<T | undefined | null | false>,
  { what, signal, everyMs = 20, timeoutMs = 120_000 }: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    signal.throwIfAborted()
    const value = await condition()
    if (value !== undefined && value !== null && value !== false) return value
    if (performance.now() > deadline) throw new Error(`gave up after ${timeoutMs} ms waiting until ${what}`)
    await wait(everyMs, undefined, { signal })
  }
}
