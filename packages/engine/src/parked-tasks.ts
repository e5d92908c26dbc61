import type { ClaimedTask, Drawn, Started, TaskRef, Unparked, WakeUp } from '@flotilla/db'
import { inBatches, type Scheduler } from '@flotilla/runtime'

export type ParkedTasksDeps = Readonly<{
  park: (tasks: readonly TaskRef[]) => Promise<void>
  unpark: (input: Readonly<{ roles: readonly string[]; n: number; started: readonly Started[] }>) => Promise<Unparked>
  /** Roles whose tasks this process has places for. */
  roles: () => readonly string[]
  /** How many tasks there are places for. */
  wanted: () => number
  onDrawn: (tasks: readonly WakeUp[]) => void
  /** What waits may have become another's, or nothing. */
  onLooked: () => void
  /** Other processes may have places for what was parked. */
  tell: () => void
  wake: (tasks: readonly WakeUp[]) => void
  track: (work: Promise<void>) => void
  onError: (error: unknown) => void
  scheduler: Scheduler
}>

/** While something is parked, the record is asked this often how things stand, besides for every free place. */
const LOOK_MS = 50
/** While nothing is known to be parked, a delivery makes a process look after this long: whoever it was may not have told. */
const GLANCE_MS = 250
/** What cannot be parked comes back from the queue after this: at once it would go to and fro while the record is away. */
const RETRY_MS = 250
/** Others are told at most this often. */
const TELL_MS = 25
/** Deliveries that are parked in one go: all those that come while one is under way. */
const PARKED_AT_ONCE = { most: 100, flights: 1 }

/**
 * A process's way to the tasks that wait in the record: parks what has no place, and draws what there is a place for, in the
 * record's order. Asks nothing while nothing is parked and nothing is delivered. Drawn tasks are only `ready` in the record,
 * due again in 3 s: nothing is lost with the process.
 */
export class ParkedTasks {
  readonly #deps: ParkedTasksDeps
  readonly #park: (tasks: readonly TaskRef[]) => Promise<unknown>
  #waiting: readonly number[] = []
  #lookedAt = Number.NEGATIVE_INFINITY
  #toldAt = Number.NEGATIVE_INFINITY
  #looking = false
  #again = false
  #stopped = false
  #cancelTimer: (() => void) | undefined
  #started = new Map<number, number>()
  /** Drawn and not begun, with their workspaces. */
  readonly #drawn = new Map<string, number>()

  constructor(deps: ParkedTasksDeps) {
    this.#deps = deps
    this.#park = inBatches(
      async (groups: readonly (readonly TaskRef[])[]) => {
        await deps.park(groups.flat())
        return groups
      },
      { ...PARKED_AT_ONCE, scheduler: deps.scheduler },
    )
  }

  /** Workspaces with something parked, as far as known; two at most. */
  get waiting(): readonly number[] {
    return this.#waiting
  }

  /** Resolves when the record has them, or the queue in its place. */
  async park(tasks: readonly WakeUp[]): Promise<void> {
    if (tasks.length === 0) return
    this.#giveBack(tasks)
    try {
      await this.#park(tasks)
    } catch (error) {
      this.#deps.onError(error)
      return this.#deps.wake(tasks.map((task) => ({ ...task, delayMs: RETRY_MS })))
    }
    this.look()
    this.#tell()
  }

  /** A delivery came: where it was the only sign of much more, the rest is to be found. */
  glance(): void {
    if (this.#waiting.length === 0 && this.#deps.scheduler.now() - this.#lookedAt >= GLANCE_MS) this.look()
  }

  /** A place is free, or what is parked has changed. */
  look(): void {
    if (this.#stopped) return
    if (this.#looking) {
      this.#again = true
      return
    }
    this.#looking = true
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#deps.track(this.#look())
  }

  /** Starts count for their workspace's share, whatever brought them, while another's tasks wait. */
  noteStarts(tasks: readonly ClaimedTask[], contended: boolean): void {
    for (const task of tasks) {
      const drawn = this.#drawn.delete(keyOf(task))
      if (drawn || !contended) continue
      this.#started.set(task.workspaceId, (this.#started.get(task.workspaceId) ?? 0) + 1)
    }
  }

  /** Draws nothing any more; what a draw under way still brings goes to the queue. */
  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
  }

  async #look(): Promise<void> {
    const { unpark, roles, wanted, scheduler } = this.#deps
    const started = [...this.#started].flatMap(([workspaceId, n]) => (n === 0 ? [] : [{ workspaceId, n }]))
    this.#started = new Map()
    this.#lookedAt = scheduler.now()
    try {
      const { tasks, waiting } = await unpark({ roles: roles(), n: wanted(), started })
      this.#waiting = waiting
      if (waiting.length === 0 && tasks.length === 0) this.#drawn.clear()
      this.#take(tasks)
      this.#deps.onLooked()
    } catch (error) {
      this.#deps.onError(error)
    }
    this.#looking = false
    if (this.#again) {
      this.#again = false
      return this.look()
    }
    if (this.#waiting.length > 0 && !this.#stopped)
      this.#cancelTimer ??= scheduler.after(LOOK_MS, () => {
        this.#cancelTimer = undefined
        this.look()
      })
  }

  /** What was drawn in vain is no part of a share. */
  #giveBack(tasks: readonly TaskRef[]): void {
    for (const task of tasks) {
      const workspaceId = this.#drawn.get(keyOf(task))
      if (workspaceId === undefined) continue
      this.#drawn.delete(keyOf(task))
      this.#started.set(workspaceId, (this.#started.get(workspaceId) ?? 0) - 1)
    }
  }

  #take(tasks: readonly Drawn[]): void {
    if (tasks.length === 0) return
    if (this.#stopped) return this.#deps.wake(tasks)
    for (const task of tasks) this.#drawn.set(keyOf(task), task.workspaceId)
    this.#deps.onDrawn(tasks)
  }

  #tell(): void {
    const now = this.#deps.scheduler.now()
    if (now - this.#toldAt < TELL_MS) return
    this.#toldAt = now
    this.#deps.tell()
  }
}

const keyOf = (task: TaskRef): string => `${task.runId}/${task.idx}`
