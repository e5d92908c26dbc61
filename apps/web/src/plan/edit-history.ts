/** A value with what it was before and what was taken back. `last` is the edit that the newest step came of. */
export type History<T> = Readonly<{
  past: readonly T[]
  now: T
  future: readonly T[]
  last: Readonly<{ what: string; at: number }> | null
}>

const STEPS = 200
/** Edits of one place that follow each other this fast are one step: undoing letter by letter helps nobody. */
const PAUSE_MS = 1_000

export const startHistory = <T>(now: T): History<T> => ({ past: [], now, future: [], last: null })

/** `what` names the place that is edited, null one that is a step of its own; `at` is in milliseconds. */
export function edited<T>(
  history: History<T>,
  now: T,
  { what, at }: Readonly<{ what: string | null; at: number }>,
): History<T> {
  if (now === history.now) return history
  const last = what === null ? null : { what, at }
  const goesOn = what !== null && history.last?.what === what && at - history.last.at < PAUSE_MS
  const past = goesOn ? history.past : [...history.past, history.now].slice(-STEPS)
  return { past, now, future: [], last }
}

export function undone<T>({ past, now, future, ...rest }: History<T>): History<T> {
  const before = past.at(-1)
  return before === undefined
    ? { past, now, future, ...rest }
    : { past: past.slice(0, -1), now: before, future: [now, ...future], last: null }
}

export function redone<T>({ past, now, future, ...rest }: History<T>): History<T> {
  const [next, ...later] = future
  return next === undefined
    ? { past, now, future, ...rest }
    : { past: [...past, now], now: next, future: later, last: null }
}
