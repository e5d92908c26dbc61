/** What a process decides while tasks are parked in the record: pure, of what it was told last. */

/** More roots or siblings than this, made ready at once, do not go to the queue: the rest is parked. */
export const WOKEN_AT_ONCE = 100

/** Whether another workspace waits than the one that runs here: then the record says who has the next place, every time. */
export function isContended(waiting: readonly number[], running: Iterable<number>): boolean {
  const [first] = waiting
  if (first === undefined) return false
  if (waiting.length > 1) return true
  for (const workspaceId of running) if (workspaceId !== first) return true
  return false
}

/** Of a process: its places, those that are free and those about to be, and ready tasks that it keeps for them. */
export type Places = Readonly<{ free: number; soon: number; kept: number; places: number }>

/**
 * How many parked tasks to draw: one for each free place and, where places come free faster than a draw takes, for those that
 * will in the meantime. Never ahead for more than all places: a newcomer waits behind no more tasks than run, and those run for a
 * moment (`LEAD_MS`), since of longer ones fewer are drawn.
 */
export const tasksWanted = ({ free, soon, kept, places }: Places): number =>
  Math.max(0, free + Math.min(soon, places) - kept)

/** What a draw costs is mostly that it is one: tasks are drawn ahead when half of them are begun, and for an eighth of all places. */
export const isWorthADraw = (all: Places): boolean =>
  all.free > all.kept || tasksWanted(all) >= Math.ceil(Math.max(all.places / 8, all.soon / 2))

/** Two draws, each with the claims that follow, take about this long. */
const LEAD_MS = 20
/** Of the durations of tasks, how much the last one counts. */
const RECENT = 0.1

/** The mean time that tasks take, the last ones most. */
export const meanTaskMs = (mean: number | null, ms: number): number =>
  mean === null ? ms : mean + RECENT * (ms - mean)

/** How many of `running` tasks end while a draw is under way, where they take `meanMs`. */
export const endingSoon = (running: number, meanMs: number | null): number =>
  meanMs === null ? 0 : Math.floor(Math.min(running, (running * LEAD_MS) / Math.max(meanMs, 1)))

/** Of tasks made ready at once: which the queue is told of, and which wait in the record, in the order in which they came. */
export function splitReady<Task extends Readonly<{ role: string }>>(
  tasks: readonly Task[],
  crowded: ReadonlySet<string>,
): Readonly<{ wake: readonly Task[]; park: readonly Task[] }> {
  const wake: Task[] = []
  const park: Task[] = []
  for (const task of tasks) (crowded.has(task.role) || wake.length >= WOKEN_AT_ONCE ? park : wake).push(task)
  return { wake, park }
}
