import type { Log } from './logger.ts'
import { systemTimers, type Timers } from './clock.ts'

/** Counts of what one round did, by name, for logs and metrics. */
export type RoundCounts = Readonly<Record<string, number>>

/** The shape of everything that works in the background. */
export interface Service {
  readonly name: string
  /** Begins the rounds; does nothing when they run already. */
  start(): void
  /** Ends the rounds and waits for the one that runs; does nothing when stopped. `start` works again afterwards. */
  stop(): Promise<void>
  /** One round now, after the one that runs, if any. Rejects with the round's error. */
  runOnce(): Promise<RoundCounts>
}

export interface LoopServiceOptions {
  readonly name: string
  readonly intervalMs: number
  /** Share of the interval, 0 to 1, by which each wait is drawn shorter or longer, so that processes spread out. */
  readonly jitter: number
  readonly runOnce: () => Promise<RoundCounts>
  readonly log: Log
  /** Called with the error of a timed round; the loop goes on. */
  readonly onError: (error: unknown) => void
  readonly timers?: Timers
  readonly random?: () => number
}

export function createLoopService(options: LoopServiceOptions): Service {
  const { name, log, onError, timers = systemTimers } = options
  let tail: Promise<unknown> = Promise.resolve()
  let cancelWait: (() => void) | undefined

  const runOnce = (): Promise<RoundCounts> => {
    const round = tail.then(options.runOnce)
    tail = round.catch(() => {})
    return round
  }
  const wait = (ms: number): void => {
    const cancel = timers.after(ms, () => {
      void timedRound().then(() => {
        // A stop, or a stop and a start, during the round has replaced this wait.
        if (cancelWait === cancel) wait(waitMs(options))
      })
    })
    cancelWait = cancel
  }
  const timedRound = async (): Promise<void> => {
    try {
      log.debug({ service: name, ...(await runOnce()) }, 'round done')
    } catch (error) {
      onError(error)
    }
  }

  return {
    name,
    runOnce,
    start() {
      if (cancelWait === undefined) wait(0)
    },
    async stop() {
      cancelWait?.()
      cancelWait = undefined
      await tail
    },
  }
}

function waitMs({ intervalMs, jitter, random = Math.random }: LoopServiceOptions): number {
  return Math.round(intervalMs * (1 + jitter * (2 * random() - 1)))
}
