import type { Log } from './logger.ts'
import { systemClock, systemTimers, type Clock, type Timers } from './clock.ts'

/**
 * Closes one thing. The signal aborts when the drain time is over: what still works then gives up what it holds, and
 * gets `forceMs` for that before the next closer runs.
 */
export type Close = (deadline: AbortSignal) => Promise<void> | void

export interface ShutdownReport {
  readonly reason: string
  readonly closed: readonly string[]
  readonly failed: readonly string[]
  readonly timedOut: readonly string[]
}

/** The part of `process` that a shutdown listens to; `channel` is there in a child with an IPC channel. */
export interface ProcessEvents {
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
  exit(code: number): void
  readonly channel?: { unref(): void } | null | undefined
}

export interface Shutdown {
  /** Aborted as soon as a shutdown begins. */
  readonly signal: AbortSignal
  /** Closers run last in, first out. Returns what takes the closer out again. */
  register(name: string, close: Close): () => void
  /** Runs every closer once; later calls answer the same report. Never rejects. */
  run(reason: string): Promise<ShutdownReport>
  /** Runs on SIGINT, SIGTERM, SIGHUP or a lost parent, then exits: 0 when all closed, 1 when not, 128 + n when forced. */
  listen(process: ProcessEvents): () => void
}

export interface ShutdownOptions {
  readonly log: Log
  readonly drainMs: number
  readonly forceMs?: number
  readonly clock?: Clock
  readonly timers?: Timers
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
/** A terminal's Ctrl-C reaches the whole group, and npm and the launcher pass their copy on: one key press, one signal. */
const repeatMs = 500

export function createShutdown(options: ShutdownOptions): Shutdown {
  const { log, clock = systemClock } = options
  const closers: { name: string; close: Close }[] = []
  const begun = new AbortController()
  let report: Promise<ShutdownReport> | undefined

  const shutdown: Shutdown = {
    signal: begun.signal,
    register(name, close) {
      const closer = { name, close }
      closers.push(closer)
      return () => {
        const at = closers.indexOf(closer)
        if (at >= 0) closers.splice(at, 1)
      }
    },
    run(reason) {
      if (report === undefined) {
        log.info({ reason }, 'shutting down')
        begun.abort(new Error(`shutting down: ${reason}`))
        report = closeAll(closers, reason, options)
      }
      return report
    },
    listen: (process) => listenTo(process, shutdown, log, clock),
  }
  return shutdown
}

function listenTo(process: ProcessEvents, shutdown: Shutdown, log: Log, clock: Clock): () => void {
  let firstAt: number | undefined
  const begin = (reason: string): void => {
    firstAt ??= clock.now().getTime()
    void shutdown.run(reason).then((done) => process.exit(done.failed.length + done.timedOut.length === 0 ? 0 : 1))
  }
  const listeners: [string, () => void][] = [['disconnect', () => begin('the parent process is gone')]]
  for (const [signal, number] of Object.entries(signalNumbers)) {
    listeners.push([
      signal,
      () => {
        if (firstAt === undefined) return begin(signal)
        if (clock.now().getTime() - firstAt < repeatMs) return
        log.warn({ signal }, 'second signal: exiting without waiting')
        process.exit(128 + number)
      },
    ])
  }
  for (const [event, listener] of listeners) process.on(event, listener)
  // A listener for `disconnect` would by itself keep the process alive.
  process.channel?.unref()
  return () => {
    for (const [event, listener] of listeners) process.off(event, listener)
  }
}

async function closeAll(
  closers: { name: string; close: Close }[],
  reason: string,
  { log, drainMs, forceMs = 1_000, timers = systemTimers }: ShutdownOptions,
): Promise<ShutdownReport> {
  const deadline = new AbortController()
  const cancel = timers.after(drainMs, () => deadline.abort(new Error(`not closed within ${drainMs} ms`)))
  const report = { reason, closed: [] as string[], failed: [] as string[], timedOut: [] as string[] }
  for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
    const { name, close } = closer
    const outcome = await closeOne(close, deadline.signal, forceMs, timers)
    if (outcome === 'timedOut') log.error({ closer: name, drainMs }, 'not closed in time, going on without it')
    else if (outcome !== 'closed') log.error({ closer: name, err: outcome.error }, 'closing failed, going on')
    report[typeof outcome === 'string' ? outcome : 'failed'].push(name)
  }
  cancel()
  log.info(report, 'shut down')
  return report
}

async function closeOne(
  close: Close,
  deadline: AbortSignal,
  forceMs: number,
  timers: Timers,
): Promise<'closed' | 'timedOut' | { error: unknown }> {
  const givenUp = Promise.withResolvers<'timedOut'>()
  let cancel = (): void => {}
  const force = (): void => {
    cancel = timers.after(forceMs, () => givenUp.resolve('timedOut'))
  }
  if (deadline.aborted) force()
  else deadline.addEventListener('abort', force, { once: true })
  try {
    return await Promise.race([givenUp.promise, Promise.resolve(close(deadline)).then(() => 'closed' as const)])
  } catch (error) {
    return { error }
  } finally {
    deadline.removeEventListener('abort', force)
    cancel()
  }
}
