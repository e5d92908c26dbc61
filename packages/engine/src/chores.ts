/** As a fleet's workers tell each other of the chores that one of them does for all. */
export type ChoreTurns = Readonly<{
  /** Whether this worker does the chores now. */
  mine(): boolean
  /** A round went well: the others need none. */
  done(): void
  /** Another worker's round went well. */
  heard(by: string): void
}>

export type ChoreTurnsOptions = Readonly<{
  worker: string
  /** How long others' chores are trusted in without a word of them. */
  patienceMs: number
  publish: (hint: Readonly<{ chores: string }>) => void
  /** Milliseconds that only grow. */
  now: () => number
}>

/**
 * One worker does what a fleet needs doing once, and the others sleep: of those at work, the one whose name comes first. Nothing
 * is locked, since chores done twice are harmless: a worker that hears of nobody else's, because it is alone, hints are lost or
 * who did them hangs, does them itself.
 */
export function createChoreTurns({ worker, patienceMs, publish, now }: ChoreTurnsOptions): ChoreTurns {
  let restUntil = Number.NEGATIVE_INFINITY
  return {
    mine: () => now() >= restUntil,
    done: () => publish({ chores: worker }),
    heard: (by) => {
      if (by < worker) restUntil = now() + patienceMs
    },
  }
}
