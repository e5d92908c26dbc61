import type { Scheduler } from '@flotilla/runtime'

/** The fetching of deliveries: it rests while there is no place for them, and looks now and then all the same. */
export class Intake {
  readonly #fetching: Readonly<{ pause(): void; resume(): void }>
  readonly #scheduler: Scheduler
  #cancel: (() => void) | null = null

  constructor(fetching: Readonly<{ pause(): void; resume(): void }>, scheduler: Scheduler) {
    this.#fetching = fetching
    this.#scheduler = scheduler
  }

  /** Until `resume`, and `ms` at most. */
  rest(ms: number): void {
    if (this.#cancel !== null) return
    this.#fetching.pause()
    this.#cancel = this.#scheduler.after(ms, () => this.resume())
  }

  resume(): void {
    if (this.#cancel === null) return
    this.#cancel()
    this.#cancel = null
    this.#fetching.resume()
  }

  /** Stays as it is. */
  stop(): void {
    this.#cancel?.()
  }
}
