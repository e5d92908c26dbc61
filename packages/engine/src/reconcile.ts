import {
  dropOutlivedWaits,
  failUnstarted,
  knock,
  readUnlearned,
  recountPools,
  sweep,
  type Db,
  type RunWakeUp,
  type Settlement,
  type SweepInput,
  type SweepResult,
  type Unstarted,
  type WakeUp,
} from '@flotilla/db'
import { DEFAULT_MAX_RECOVERIES } from '@flotilla/domain'
import type pg from 'pg'
import { expireApprovals } from './decide-approval.ts'

/** What a round asks of the record. */
export type ReconcileReads = Readonly<{
  sweep: (input: SweepInput) => Promise<SweepResult>
  /** One parked task of each role that has some. */
  knock: () => Promise<readonly WakeUp[]>
  failUnstarted: (page: Readonly<{ after: number; upTo: number }>) => Promise<Unstarted>
  readUnlearned: (limit: number) => Promise<readonly number[]>
  recountPools: () => Promise<number>
  /** Decides what no person has decided in time. */
  expireApprovals: () => Promise<readonly WakeUp[]>
  /** Lets tasks look again whose lane has opened or answered before the time that they were told. */
  dropOutlivedWaits: (limit: number) => Promise<readonly WakeUp[]>
}>

export const reconcileReads = (pool: pg.Pool, db: Db): ReconcileReads => ({
  sweep: (input) => sweep(pool, input),
  knock: () => knock(pool),
  failUnstarted: (page) => failUnstarted(pool, page),
  readUnlearned: (limit) => readUnlearned(db, limit),
  recountPools: () => recountPools(db),
  expireApprovals: () => expireApprovals(db),
  dropOutlivedWaits: (limit) => dropOutlivedWaits(db, limit),
})

export type ReconcileDeps = Readonly<{
  record: ReconcileReads
  /** Jobs waiting in the queues of the roles served; null when the queue cannot be asked. */
  waiting: () => Promise<number | null>
  /** The queue has lost what it held; true once each time it has. */
  wiped: () => Promise<boolean>
  /** A wipe was noticed: nothing may be left to what stood in the queue. */
  onWiped: () => void
  wake: (tasks: readonly WakeUp[]) => void
  wakePlan: (run: RunWakeUp) => void
  wakeFinish: (run: RunWakeUp) => void
  wakeLearn: (runId: number) => void
  settle: (settlement: Settlement) => Promise<void>
  onMoved: (runIds: ReadonlySet<number>) => void
}>

export type Reconciled = {
  /** Of live runs, walked. */
  pages: number
  recovered: number
  woken: number
  /** Parked tasks that were woken: who is idle may not know that there are any. */
  knocks: number
  poisoned: number
  /** Tasks that nobody claimed within their limit. */
  unstarted: number
  plans: number
  finishes: number
  learned: number
  /** Limits whose count of running tasks was wrong. */
  recounted: number
  /** Tasks that go on since nobody has decided in time. */
  expired: number
  /** Tasks that look at their lane again before the time that they were told. */
  outlived: number
}

const PAGE = 200
/** A backlog is not a loss: overdue ready tasks are woken again only when the queue is empty, or every tenth round. */
const READY_EVERY = 10
/** What is parked is not in the queue: an empty one then says little, and is looked into every third round. */
const SPARED_ROUNDS = 2
const DEEP_EVERY = 30
/** A wake-up is given this long; after a wipe all that were sent since are known to be lost. As `rewake` of the record has it. */
const REWAKE_MS = 3_000
/** Limits of waiting are whole seconds. */
const UNSTARTED_EVERY = 2
const LEARN_EVERY = 5
const RECOUNT_EVERY = 4
const EXPIRE_EVERY = 4
const OUTLIVED_EVERY = 4
/** Wake-ups that one round may send: never more than a fleet can start soon. */
const MAX_WAKE = 2_000

/**
 * One walk over the live runs: recovers expired leases, wakes again what nobody has woken, buries what killed too many
 * workers. `round` counts up from 0. Bounded, restartable at any point, and safe to run in several processes at once. `quiet`:
 * no run was live for some rounds, and what only live runs can have is not looked for. `spared`: as of `nextSpared`.
 */
export async function reconcile(
  deps: ReconcileDeps,
  round: number,
  { quiet = false, spared = 0 }: Readonly<{ quiet?: boolean; spared?: number }> = {},
): Promise<Reconciled> {
  const wiped = await deps.wiped()
  if (wiped) deps.onWiped()
  const waiting = wiped ? 0 : await deps.waiting()
  const ready = wiped || round % READY_EVERY === 0 || (waiting === 0 && spared === 0)
  const done: Reconciled = {
    pages: 0,
    recovered: 0,
    woken: 0,
    knocks: 0,
    poisoned: 0,
    unstarted: 0,
    plans: 0,
    finishes: 0,
    learned: 0,
    recounted: 0,
    expired: 0,
    outlived: 0,
  }
  for (let after = 0; done.woken < MAX_WAKE;) {
    const page = await deps.record.sweep({
      after,
      limit: PAGE,
      ready,
      deep: round % DEEP_EVERY === 0,
      maxRecoveries: DEFAULT_MAX_RECOVERIES,
      earlyMs: wiped ? REWAKE_MS : 0,
    })
    await applyPage(deps, page, done)
    if (page.last === null) break
    done.pages++
    if (round % UNSTARTED_EVERY === 0)
      applyUnstarted(deps, await deps.record.failUnstarted({ after, upTo: page.last }), done)
    after = page.last
  }
  // Where no run lives, nothing is parked.
  if (ready && done.pages > 0) done.knocks = await knockOnDoors(deps)
  if (round % LEARN_EVERY === 0) {
    for (const runId of await deps.record.readUnlearned(PAGE)) {
      deps.wakeLearn(runId)
      done.learned++
    }
  }
  if (quiet && done.pages === 0) return done
  if (round % RECOUNT_EVERY === 0) done.recounted = await deps.record.recountPools()
  if (round % EXPIRE_EVERY === 0) done.expired = await expire(deps)
  if (round % OUTLIVED_EVERY === 0) done.outlived = await lookAgain(deps)
  return done
}

/** Of how many of the next rounds nothing is looked for that an empty queue would be a sign of. */
export const nextSpared = (spared: number, { knocks }: Pick<Reconciled, 'knocks'>): number =>
  knocks > 0 ? SPARED_ROUNDS : Math.max(0, spared - 1)

async function knockOnDoors(deps: ReconcileDeps): Promise<number> {
  const tasks = await deps.record.knock()
  if (tasks.length > 0) deps.wake(tasks)
  return tasks.length
}

async function lookAgain(deps: ReconcileDeps): Promise<number> {
  const tasks = await deps.record.dropOutlivedWaits(PAGE)
  if (tasks.length > 0) deps.wake(tasks)
  return tasks.length
}

async function expire(deps: ReconcileDeps): Promise<number> {
  const tasks = await deps.record.expireApprovals()
  if (tasks.length === 0) return 0
  deps.wake(tasks)
  deps.onMoved(new Set(tasks.map((task) => task.runId)))
  return tasks.length
}

function applyUnstarted(deps: ReconcileDeps, { failed, closed }: Unstarted, done: Reconciled): void {
  if (failed.length > 0) deps.onMoved(new Set(failed.map((task) => task.runId)))
  for (const run of closed) deps.wakeFinish(run)
  done.unstarted += failed.length
}

async function applyPage(deps: ReconcileDeps, page: SweepResult, done: Reconciled): Promise<void> {
  if (page.recovered.length > 0) {
    deps.wake(page.recovered)
    deps.onMoved(new Set(page.recovered.map((task) => task.runId)))
  }
  if (page.wake.length > 0) deps.wake(page.wake)
  for (const run of page.plan) deps.wakePlan(run)
  for (const run of page.finish) deps.wakeFinish(run)
  for (const task of page.poisoned) await deps.settle(burial(task))
  done.recovered += page.recovered.length
  done.woken += page.wake.length
  done.poisoned += page.poisoned.length
  done.plans += page.plan.length
  done.finishes += page.finish.length
}

/** A task whose workers died again and again fails, so that its run ends, and a letter has a person look at it. */
function burial(task: SweepResult['poisoned'][number]): Settlement {
  const work = task.judged ? 'judging' : 'running'
  const error = {
    code: 'worker_lost' as const,
    message: `the worker was lost ${DEFAULT_MAX_RECOVERIES + 1} times while ${work} this task; it is not tried again`,
  }
  const lost = task.judged ? {} : { attemptStatus: 'lost' as const, worker: task.worker }
  return {
    runId: task.runId,
    idx: task.idx,
    fence: task.fence,
    judged: task.judged,
    verb: 'fail',
    delayMs: 0,
    data: { ...lost, kind: 'recovery', error, deadLetter: 'worker_lost', event: { error, deadLetter: 'worker_lost' } },
  }
}
