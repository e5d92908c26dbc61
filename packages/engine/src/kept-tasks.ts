import type { WakeUp } from '@flotilla/db'
import { systemScheduler, type Scheduler } from '@flotilla/runtime'

const NONE: ReadonlySet<number> = new Set()

/**
 * Surplus ready tasks that the process keeps for a moment, for slots about to be free. They are only `ready` in the record,
 * not claimed: nothing is lost with the process. What no slot draws for `holdMs`, or in any case after ten times that, goes
 * back to the queue.
 */
export class KeptTasks {
  #tasks: { task: WakeUp; at: number }[] = []
  readonly #limit: number
  readonly #holdMs: number
  readonly #giveBack: (tasks: WakeUp[]) => void
  readonly #scheduler: Scheduler
  #drawnAt = 0
  #cancelTimer: (() => void) | undefined

  constructor(
    limit: number,
    holdMs: number,
    giveBack: (tasks: WakeUp[]) => void,
    scheduler: Scheduler = systemScheduler,
  ) {
    this.#limit = limit
    this.#holdMs = holdMs
    this.#giveBack = giveBack
    this.#scheduler = scheduler
  }

  get size(): number {
    return this.#tasks.length
  }

  /** Keeps what there is room for and gives the rest back at once. */
  keep(tasks: readonly WakeUp[], now: number): void {
    const room = Math.max(0, this.#limit - this.#tasks.length)
    for (const task of tasks.slice(0, room)) this.#tasks.push({ task, at: now })
    if (tasks.length > room) this.#giveBack(tasks.slice(room))
    this.#schedule()
  }

  /** The oldest, but for those of these runs. */
  draw(n: number, now: number, except: ReadonlySet<number> = NONE): WakeUp[] {
    const drawn = this.#tasks.filter(({ task }) => !except.has(task.runId)).slice(0, Math.max(0, n))
    if (drawn.length === 0) return []
    this.#drawnAt = now
    const taken = new Set(drawn)
    this.#tasks = this.#tasks.filter((kept) => !taken.has(kept))
    return drawn.map(({ task }) => task)
  }

  /** Gives back what has waited too long at `now`; `all` empties the list. */
  expire(now: number, all = false): void {
    const patience = this.#drawnAt < now - this.#holdMs ? this.#holdMs : 10 * this.#holdMs
    const young = all ? -1 : this.#tasks.findIndex((kept) => kept.at > now - patience)
    const n = young === -1 ? this.#tasks.length : young
    if (n > 0) this.#giveBack(this.#tasks.splice(0, n).map((kept) => kept.task))
    this.#schedule()
  }

  #schedule(): void {
    if (this.#tasks.length === 0) {
      this.#cancelTimer?.()
      this.#cancelTimer = undefined
      return
    }
    this.#cancelTimer ??= this.#scheduler.after(Math.max(5, this.#holdMs / 2), () => {
      this.#cancelTimer = undefined
      this.expire(this.#scheduler.now())
    })
  }
}
