import type pg from 'pg'

const never = new Promise<never>(() => {})

/**
 * A place at which a process stops to exist: from there on nothing that it called ever answers. `at` counts the places that it
 * has passed, from 0; null: it lives.
 */
export class CrashPoint {
  /** The places passed, in order, the last one included. */
  readonly passed: string[] = []
  readonly #at: number | null
  readonly #crashed = Promise.withResolvers<null>()
  readonly #sent: Promise<unknown>[] = []

  constructor(at: number | null) {
    this.#at = at
  }

  /** Resolves when it happens. */
  get crashed(): Promise<null> {
    return this.#crashed.promise
  }

  get dead(): boolean {
    return this.#at !== null && this.passed.length > this.#at
  }

  async pass(place: string): Promise<void> {
    if (this.dead) return never
    this.passed.push(place)
    if (!this.dead) return
    this.#crashed.resolve(null)
    return never
  }

  /** The same port, with a place before and one after it. */
  over<Args extends readonly unknown[], T>(
    name: string,
    port: (...args: Args) => Promise<T>,
  ): (...args: Args) => Promise<T> {
    return async (...args) => {
      await this.pass(`${name}: before`)
      const value = await port(...args)
      await this.pass(`${name}: after`)
      return value
    }
  }

  /** Resolves when whatever the process had sent to the record has taken effect there: a lease lasts longer than a statement. */
  async landed(): Promise<void> {
    await Promise.allSettled(this.#sent)
  }

  /** The same pool, with places around the named statements. */
  pool(pool: pg.Pool, statements: ReadonlySet<string>): pg.Pool {
    const query = (config: pg.QueryConfig): Promise<unknown> => {
      const run = (): Promise<unknown> => {
        const answer = pool.query(config)
        this.#sent.push(answer)
        return answer
      }
      return config.name !== undefined && statements.has(config.name) ? this.over(config.name, run)() : run()
    }
    return new Proxy(pool, {
      get: (target, key) => {
        if (key === 'query') return query
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }
}
