import { systemScheduler, type Scheduler } from './clock.ts'
import type { Log } from './logger.ts'
import { afterFailure, afterQuestion, isOutageError, NEVER_AWAY, reasonOf, type StoreState } from './outage.ts'

export type OutageReporterOptions = Readonly<{
  /** As it begins a sentence about it: `the database`. */
  store: string
  /** Rejects while the store is away. */
  ask: () => Promise<unknown>
  log: Log
  scheduler?: Scheduler
}>

export interface OutageReporter {
  /** Takes a failure that the store being away may explain. `tell` logs it in full, should the store be there. */
  take(error: unknown, what: string, tell: () => void): void
  /** Asks no more, and tells what is not explained by then. */
  close(): void
}

const ASK_EVERY_MS = 200
/** No answer by then is none. */
const PATIENCE_MS = 3_000
const KEPT_MAX = 20

/** Tells of a store's outage in two lines, when it begins and when it is over, whatever fails in it. */
export function createOutageReporter(options: OutageReporterOptions): OutageReporter {
  const { store, log, scheduler = systemScheduler } = options
  let state: StoreState = NEVER_AWAY
  let reason = ''
  let closed = false
  let cancelWait = (): void => {}
  /** By what failed and why: a broken connection has many users. */
  const kept = new Map<string, () => void>()

  const ask = async (): Promise<void> => {
    const answered = await answers(options.ask, scheduler)
    if (closed) return
    const { state: next, finding } = afterQuestion(state, answered, scheduler.now())
    state = next
    if (finding.kind === 'went away') log.warn(`${store} is away: ${reason}; trying again`)
    if (finding.kind === 'came back') log.warn(`${store} is back after ${(finding.afterMs / 1_000).toFixed(1)} s`)
    if (finding.kind === 'own failures') for (const tell of kept.values()) tell()
    kept.clear()
    if (state.kind === 'away') cancelWait = scheduler.after(ASK_EVERY_MS, () => void ask())
  }
  return {
    take(error, what, tell) {
      log.debug({ err: error }, what)
      if (closed) return
      const before = state
      state = afterFailure(before, scheduler.now())
      const key = `${what}: ${reasonOf(error)}`
      if (state.kind === 'doubted' && !kept.has(key) && kept.size < KEPT_MAX) kept.set(key, tell)
      if (before.kind !== 'there') return
      reason = reasonOf(error)
      void ask()
    },
    close() {
      closed = true
      cancelWait()
      for (const tell of kept.values()) tell()
      kept.clear()
    },
  }
}

async function answers(ask: () => Promise<unknown>, scheduler: Scheduler): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const cancel = scheduler.after(PATIENCE_MS, () => late.resolve(false))
  const answer = ask().then(
    () => true,
    () => false,
  )
  const answered = await Promise.race([answer, late.promise])
  cancel()
  return answered
}

/** A log whose warnings and errors with an `err` that an outage explains go to the reporter that answers for the store. */
export function withOutages(log: Log, reporterOf: (error: unknown) => OutageReporter): Log {
  const through =
    (level: 'warn' | 'error') =>
    (first: unknown, ...rest: readonly unknown[]): void => {
      const tell = (): void => void Reflect.apply(log[level], log, [first, ...rest])
      const error = typeof first === 'object' && first !== null && 'err' in first ? first.err : undefined
      if (!isOutageError(error)) return tell()
      reporterOf(error).take(error, typeof rest[0] === 'string' ? rest[0] : '', tell)
    }
  return { debug: log.debug.bind(log), info: log.info.bind(log), warn: through('warn'), error: through('error') }
}
