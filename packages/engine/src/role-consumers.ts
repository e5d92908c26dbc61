import { agentQueue, createConsumer, type Backend, type Consumer, type Delivery } from '@flotilla/queue'

/** Deliveries of a role beside those whose tasks run. */
const BESIDE = 2

export type RoleConsumersDeps = Readonly<{
  backend: Backend
  /** Roles to serve; null for every role that some agent has. */
  fixed: readonly string[] | null
  readRoles: () => Promise<readonly string[]>
  concurrency: number
  lockDurationMs: number
  handle: (role: string, delivery: Delivery, signal: AbortSignal) => Promise<void>
  onError: (error: Error) => void
}>

/** One consumer a role, added as roles appear. Together they are the intake of the process's slots. */
export class RoleConsumers {
  readonly #deps: RoleConsumersDeps
  readonly #consumers = new Map<string, Consumer>()
  #paused = false
  #closed = false

  constructor(deps: RoleConsumersDeps) {
    this.#deps = deps
  }

  /** Roles served now. */
  roles(): string[] {
    return [...this.#consumers.keys()]
  }

  /** Serves `roles` too, where this process serves them at all. */
  add(roles: readonly string[]): void {
    for (const role of roles) {
      if (this.#closed || this.#consumers.has(role)) continue
      if (this.#deps.fixed !== null && !this.#deps.fixed.includes(role)) continue
      const consumer = createConsumer(this.#deps.backend, {
        queue: agentQueue(role),
        // A tree job is held until its task settles: beside as many as there are places, others are seen.
        concurrency: this.#deps.concurrency + BESIDE,
        lockDurationMs: this.#deps.lockDurationMs,
        handle: (delivery, signal) => this.#deps.handle(role, delivery, signal),
        onError: this.#deps.onError,
      })
      if (this.#paused) consumer.pause()
      this.#consumers.set(role, consumer)
    }
  }

  /** Queues whose consumers have ended by themselves. */
  ended(): string[] {
    return [...this.#consumers.values()].filter((consumer) => !consumer.alive()).map(({ queue }) => queue)
  }

  async refresh(): Promise<void> {
    this.add(this.#deps.fixed ?? (await this.#deps.readRoles()))
  }

  async ready(): Promise<void> {
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.ready()))
  }

  pause(): void {
    if (this.#closed) return
    this.#paused = true
    for (const consumer of this.#consumers.values()) consumer.pause()
  }

  resume(): void {
    if (this.#closed) return
    this.#paused = false
    for (const consumer of this.#consumers.values()) consumer.resume()
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled([...this.#consumers.values()].map((consumer) => consumer.close()))
  }
}
