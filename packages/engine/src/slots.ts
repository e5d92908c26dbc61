import { systemTimers, type Timers } from '@flotilla/runtime'

/** A process's places for running tasks. `onFree` hears of every place that nobody was waiting for. */
export class Slots {
  readonly size: number
  #used = 0
  readonly #waiting: ((taken: boolean) => void)[] = []
  readonly #onFree: () => void
  readonly #timers: Timers

  constructor(size: number, onFree: () => void = () => {}, timers: Timers = systemTimers) {
    this.size = size
    this.#onFree = onFree
    this.#timers = timers
  }

  get free(): number {
    return this.size - this.#used
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Takes up to `n` places at once; answers how many. */
  tryTake(n: number): number {
    const taken = Math.max(0, Math.min(n, this.free))
    this.#used += taken
    return taken
  }

  /** Takes one place, waiting at most `ms`; false when none came free. First come, first served. */
  take(ms: number): Promise<boolean> {
    if (this.tryTake(1) === 1) return Promise.resolve(true)
    return new Promise((resolve) => {
      const settle = (taken: boolean): void => {
        giveUp()
        resolve(taken)
      }
      const giveUp = this.#timers.after(ms, () => {
        this.#waiting.splice(this.#waiting.indexOf(settle), 1)
        resolve(false)
      })
      this.#waiting.push(settle)
    })
  }

  release(n = 1): void {
    for (let i = 0; i < n; i++) {
      const next = this.#waiting.shift()
      if (next) next(true)
      else {
        this.#used -= 1
        this.#onFree()
      }
    }
  }
}
