/** Work that nobody waits for, until the process that began it ends. */
export class InFlight {
  readonly #work = new Set<Promise<unknown>>()

  add<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work)
    const over = (): void => void this.#work.delete(work)
    work.then(over, over)
    return work
  }

  /** Resolves when nothing is under way any more, whatever begins meanwhile. */
  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work)
  }
}
