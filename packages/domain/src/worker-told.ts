/** How often a worker tells of itself, and what it did in how many minutes it tells. */
export const TELL_EVERY_MS = 15_000
export const TOLD_MINUTES = 15
/** A worker that has missed two tellings is silent: gone, hung, or cut off from the record. */
export const SILENT_AFTER_SECONDS = (3 * TELL_EVERY_MS) / 1_000
/** From then on whoever tells of itself removes a silent one. */
export const FORGOTTEN_AFTER_SECONDS = 300

/** Counts by name, one for each of the last `TOLD_MINUTES`, oldest first; the last one is of the minute that runs. */
export type MinuteCounts = Readonly<Record<string, readonly number[]>>

/** What a worker process tells of itself. Minutes are those of its own clock. */
export type WorkerTold = Readonly<{
  version: string
  /** As `FLOTILLA_ROLES` has them. */
  roles: readonly string[]
  /** Places for tasks; 0 of one that serves neither agents nor judging. */
  places: number
  /** So many of them are for judging, the others for agents: one kind never takes the other's. Not told by earlier versions. */
  judgePlaces?: number
  draining: boolean
  /** Minutes since the epoch, of the last count. */
  minute: number
  /** Work that it ended, by pool: attempts and judgements with an outcome, runs planned, finished or learned from. */
  done: MinuteCounts
  /** Of one that did the fleet's chores since its start. */
  chores: Readonly<{ sweptMsAgo: number; everyMs: number; done: MinuteCounts }> | null
}>

/** The same counts a while later: minutes that have gone by since then are empty. */
export function laterCounts(counts: readonly number[], minutes: number): number[] {
  const gone = Math.min(TOLD_MINUTES, Math.max(0, minutes))
  return [...counts.slice(gone), ...Array.from({ length: gone }, () => 0)]
}

/** Sums by name, as they stand at `minute`. */
export function sumCounts(told: readonly Readonly<{ minute: number; done: MinuteCounts }>[], minute: number) {
  const sums = new Map<string, number[]>()
  for (const { minute: of, done } of told)
    for (const [name, counts] of Object.entries(done)) {
      const later = laterCounts(counts, minute - of)
      if (later.every((n) => n === 0)) continue
      const sum = sums.get(name)
      sums.set(name, sum === undefined ? later : sum.map((n, i) => n + (later[i] ?? 0)))
    }
  return sums
}

const RATE_MINUTES = 5

/** How many a minute, over the last five: of the one that runs, so much as has gone by. */
export function perMinute(counts: readonly number[], now: number): number {
  const sum = counts.slice(-RATE_MINUTES).reduce((a, b) => a + b, 0)
  return sum / (RATE_MINUTES - 1 + Math.max(0.05, (now % 60_000) / 60_000))
}
