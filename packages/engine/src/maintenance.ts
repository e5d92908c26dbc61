import {
  releaseLostCalls,
  releaseLostMonthCalls,
  type RunWakeUp,
  type StepInput,
  type StepResult,
  type WakeUp,
} from '@flotilla/db'
import type { RoundCounts, Service } from '@flotilla/runtime'
import { createChoreTurns } from './chores.ts'
import { expireRuns } from './expire-runs.ts'
import type { InFlight } from './in-flight.ts'
import { nextSpared, reconcile, reconcileReads } from './reconcile.ts'
import type { WorkerEngineDeps } from './worker-engine-deps.ts'

/** What calls hold whose worker is gone is given back every so many rounds, of so many runs at once. */
const LOST_CALLS_EVERY = 2
const LOST_CALLS_PAGE = 200
/** An analysis without a run has no claim to lose; it takes a minute at most. */
const LOST_ANALYSIS_MS = 600_000
/** Rounds of another worker that may be missed until this one takes over. */
const PATIENT_ROUNDS = 3
/** Rounds without a live run after which only those are looked for; what else there is to do is looked after now and then. */
const QUIET_AFTER = 20
const QUIET_EVERY = 8

export type MaintenanceDeps = Pick<
  WorkerEngineDeps,
  'pool' | 'db' | 'producer' | 'hints' | 'metrics' | 'worker' | 'leaseMs' | 'sweepMs'
> &
  Readonly<{
    loop: (name: string, intervalMs: number, runOnce: () => Promise<RoundCounts>) => Service
    /** Roles whose queues this process serves. */
    roles: () => readonly string[]
    commit: (input: StepInput) => Promise<StepResult>
    /** Wake-ups on their way. */
    sent: InFlight
    wake: (tasks: readonly WakeUp[]) => void
    onMoved: (runIds: ReadonlySet<number>) => void
    onWiped: () => void
    /** Called with what each round of chores came to. */
    swept: (done: RoundCounts) => void
  }>

/** What a fleet needs doing once, by one of its workers at a time; `heard` takes the hint of another that does it. */
export type Maintenance = Readonly<{ services: readonly Service[]; heard(by: string): void }>

export function createMaintenance(deps: MaintenanceDeps): Maintenance {
  const { worker, sweepMs, hints, loop } = deps
  const patienceMs = PATIENT_ROUNDS * sweepMs
  const turns = createChoreTurns({ worker, patienceMs, publish: hints.publish, now: () => performance.now() })
  let round = 0
  let spared = 0
  let quietRounds = 0
  const quiet = (): boolean => quietRounds > QUIET_AFTER
  const sweeping = async (): Promise<RoundCounts> => {
    if (!turns.mine()) return { resting: 1 }
    const done = await reconcile(reconcileDeps(deps), round++, { quiet: quiet(), spared })
    spared = nextSpared(spared, done)
    quietRounds = done.pages > 0 ? 0 : quietRounds + 1
    if (done.recovered > 0) deps.metrics?.recovered(done.recovered)
    turns.done()
    return told(done)
  }
  const told = (done: RoundCounts): RoundCounts => {
    deps.swept(done)
    return done
  }
  const expiring = async (): Promise<RoundCounts> =>
    turns.mine() && !quiet() ? told({ deadlines: await expire(deps) }) : { resting: 1 }
  let looks = 0
  const releasing = async (): Promise<RoundCounts> =>
    turns.mine() && (!quiet() || looks++ % QUIET_EVERY === 0) ? told(await releaseLost(deps)) : { resting: 1 }
  return {
    services: [
      loop('reconciler', sweepMs, sweeping),
      loop('deadlines', sweepMs, expiring),
      loop('lost calls', LOST_CALLS_EVERY * sweepMs, releasing),
    ],
    heard: turns.heard,
  }
}

async function expire({ db, hints, producer, sent }: MaintenanceDeps): Promise<number> {
  const wakeFinish = (run: RunWakeUp): void => void sent.add(producer.wakeFinish(run.runId, run.priority))
  return (await expireRuns({ db, hints, wakeFinish })).expired
}

async function releaseLost({ pool }: MaintenanceDeps): Promise<RoundCounts> {
  const released = await releaseLostCalls(pool, LOST_CALLS_PAGE)
  return { released: released + (await releaseLostMonthCalls(pool, LOST_ANALYSIS_MS)) }
}

function reconcileDeps(deps: MaintenanceDeps): Parameters<typeof reconcile>[0] {
  const { producer } = deps
  return {
    record: reconcileReads(deps.pool, deps.db),
    waiting: () => producer.waiting(deps.roles()).catch(() => null),
    wiped: () => producer.wiped().catch(() => false),
    onWiped: deps.onWiped,
    wake: deps.wake,
    wakePlan: (run) => void producer.wakePlan(run.runId, run.priority),
    wakeFinish: (run) => void producer.wakeFinish(run.runId, run.priority),
    wakeLearn: (runId) => void producer.wakeLearn(runId),
    settle: async (settlement) => {
      const result = await deps.commit({
        settlements: [settlement],
        claims: [],
        cap: 0,
        served: [],
        leaseMs: deps.leaseMs,
        worker: deps.worker,
      })
      for (const runId of result.closed) void producer.wakeFinish(runId)
    },
    onMoved: deps.onMoved,
  }
}
