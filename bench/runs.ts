/** What a peer's worker process tells the one that measures. */
export type WorkerMessage =
  | Readonly<{ kind: 'ready' }>
  | Readonly<{ kind: 'done'; run: string; value: number }>
  | Readonly<{ kind: 'failed'; message: string }>

/** The runs that are under way, as `who` tells of them. One that comes to another value than `expected` fails them all. */
export function openRuns(who: string, expected: number) {
  const open = new Set<string>()
  const ready = awaited()
  let idle = awaited()
  let count = 0
  const fail = (error: Error): void => {
    ready.reject(error)
    idle.reject(error)
  }
  const end = (run: string, value: unknown): void => {
    if (value !== expected) return fail(new Error(`run ${run} came to ${String(value)}; expected ${expected}`))
    if (!open.delete(run)) return fail(new Error(`run ${run} ended twice`))
    if (open.size === 0) idle.resolve()
  }
  return {
    ready: ready.promise,
    fail,
    begin(): string {
      if (open.size === 0) idle = awaited()
      const id = `r${count}`
      count += 1
      open.add(id)
      return id
    },
    end,
    /** All that have begun have ended. */
    ended: (): Promise<void> => idle.promise,
    count: () => count,
    hear(received: unknown): void {
      const message = received as WorkerMessage
      if (message.kind === 'ready') return ready.resolve()
      if (message.kind === 'failed') return fail(new Error(`${who}: ${message.message}`))
      end(message.run, message.value)
    },
  }
}

/** A failure between two measurements waits for the next one. */
function awaited(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>()
  resolvers.promise.catch(() => {})
  return resolvers
}
