import { TOLD_MINUTES, type MinuteCounts } from '@flotilla/domain'

/** Counts by name and minute, of the last `TOLD_MINUTES`; in memory alone. */
export type RecentCounts = Readonly<{
  add(name: string, n?: number): void
  read(): Readonly<{ minute: number; done: MinuteCounts }>
}>

const MINUTE_MS = 60_000

/** `now`: milliseconds since the epoch. */
export function createRecentCounts(now: () => number): RecentCounts {
  const counts = new Map<string, number[]>()
  let minute = Math.floor(now() / MINUTE_MS)
  const moveOn = (): void => {
    // A clock that is set back goes on with the minute that it had.
    const gone = Math.floor(now() / MINUTE_MS) - minute
    if (gone <= 0) return
    minute += gone
    for (const [name, of] of counts) {
      const left = [...of, ...Array.from({ length: Math.min(gone, TOLD_MINUTES) }, () => 0)].slice(-TOLD_MINUTES)
      if (left.some((n) => n > 0)) counts.set(name, left)
      else counts.delete(name)
    }
  }
  return {
    add(name, n = 1) {
      if (n <= 0) return
      moveOn()
      const of = counts.get(name) ?? Array.from({ length: TOLD_MINUTES }, () => 0)
      of[TOLD_MINUTES - 1] = (of[TOLD_MINUTES - 1] ?? 0) + n
      counts.set(name, of)
    },
    read() {
      moveOn()
      return { minute, done: Object.fromEntries([...counts].map(([name, of]) => [name, [...of]])) }
    },
  }
}
