import type pg from 'pg'
import { checkEffectIds } from '../effects/check-effect-ids.ts'
import { checkEffects } from '../effects/check-effects.ts'
import { readEffects } from '../effects/effect-journal.ts'
import { readLedger, readRepeats } from '../effects/read-ledger.ts'
import type { FaultKind, StruckFault } from '../faults/fault.ts'
import type { Fleet } from '../ground/fleet.ts'
import type { Journal, JournalEntry } from '../model/journal.ts'
import { addMoney, noMoney, type MoneyFigures } from '../money/money-figures.ts'
import { keyOf, type ChaosPlan } from '../plan/chaos-plan.ts'
import { checkAcknowledged, type Acknowledged } from './check-acknowledged.ts'
import { checkCalls } from './check-calls.ts'
import { checkAccounts } from './check-money.ts'
import { checkPaidCalls } from './check-paid-calls.ts'
import { isBuried } from './check-outcomes.ts'
import { checkRun, type CheckContext } from './check-run.ts'
import { TASK_END, type RunHistory, type RunRow, type Violation } from './history.ts'
import { lateGaps, roomFor, type Late } from './lateness.ts'
import type { OutcomeSeals } from './outcome-seals.ts'
import { readHistories, readMonths } from './read-history.ts'
import { gapsOf, recoveriesOf, type Answered, type Gap, type Recovery } from './recovery.ts'

export type VerifyInput = Readonly<{
  pool: pg.Pool
  planOf: (number: number) => ChaosPlan
  cancels: CheckContext['cancels']
  limitOf: (kind: FaultKind) => number | null
  journal: Journal
  seals: OutcomeSeals
  acknowledged: readonly Acknowledged[]
  struck: readonly StruckFault[]
  effectsFile: string
  fleet: Pick<Fleet, 'crashes' | 'unmanned' | 'startMs'>
  /** Workers that did not end by themselves. */
  overrun: readonly number[]
  /** Null where nothing was migrated in mid-campaign. */
  migratedAt: number | null
  /** Every call was made by a worker that keeps the ledger. */
  ledgered: boolean
}>

export type Counts = {
  runs: { acknowledged: number; completed: number; failed: number; cancelled: number; live: number }
  /** `again` counts the starts of what a lost or a draining worker had begun. */
  tasks: { ended: number; starts: number; again: number; lost: number; released: number; buried: number }
  turns: number
  startsAfterMigration: { earlier: number; present: number }
}

export type Verified = Readonly<{
  violations: readonly Violation[]
  recoveries: readonly Recovery[]
  counts: Counts
  /** From a cancel to the end of each socket that it cut off. */
  cutMs: readonly number[]
  paidTwice: PaidTwice
  money: MoneyFigures
}>

/** Answers of the provider that no recorded turn has: they were paid for, and paid again. */
export type PaidTwice = Readonly<{ calls: number; tokens: number; ofTokens: number }>

/** Reads the whole record once: what is violated, how fast it recovered, and the figures of the report. */
export async function verify(input: VerifyInput): Promise<Verified> {
  const context: CheckContext = { ...input, claimed: new Map(), charges: new Map() }
  const violations: Violation[] = []
  const gaps: Gap[] = []
  const cutMs: number[] = []
  const runs: RunRow[] = []
  const counts = noCounts(input.acknowledged.length)
  const money = noMoney()
  for await (const history of readHistories(input.pool)) {
    runs.push(history.run)
    violations.push(...checkRun(history, context))
    const budget = history.run.plan === null ? null : input.planOf(history.run.plan).budget
    // What waits for room in a budget rests longer than any fault lasts, and its log does not tell.
    if (budget?.binds !== true) gaps.push(...gapsOf(history, answeredIn(history, input.journal)))
    const calls = checkCalls(history, input.journal, input.struck)
    violations.push(...calls.violations)
    cutMs.push(...calls.cutMs)
    const paid = input.ledgered ? checkPaidCalls(history, input.journal) : { violations: [], unpriced: [] }
    violations.push(...paid.violations)
    addMoney(money, history, paid.unpriced, budget)
    addCounts(counts, history)
    addVersions(counts, history, input.migratedAt)
  }
  violations.push(...checkAccounts('', await readMonths(input.pool), context.charges))
  violations.unshift(
    ...checkAcknowledged(input.acknowledged, runs),
    ...checkWorkers(input),
    ...(await checkPools(input.pool)),
    ...(await checkOwners(input.pool)),
  )
  const outages = [...input.struck, ...input.fleet.unmanned()]
  violations.push(...lateGaps(gaps, outages, input.limitOf, roomFor(input.fleet.startMs())).map(lateRecovery))
  const effects = await readEffects(input.effectsFile)
  violations.push(
    ...checkEffects(effects, await readRepeats(input.pool)),
    ...checkEffectIds(effects, await readLedger(input.pool)),
  )
  const paidTwice = paidAndLost(input.journal, context.claimed)
  return {
    violations,
    recoveries: recoveriesOf(input.struck, gaps, (kind) => input.limitOf(kind) !== null),
    counts,
    cutMs,
    paidTwice,
    money,
  }
}

function answeredIn({ run }: RunHistory, journal: Journal): Answered {
  const calls = run.plan === null ? [] : journal.ofPlan(run.plan)
  return (idx, before) => {
    const key = keyOf(idx)
    const times = calls.flatMap((call) =>
      call.key === key && call.answeredAt !== null && call.answeredAt < before ? [call.answeredAt] : [],
    )
    return times.length === 0 ? null : Math.max(...times)
  }
}

const lateRecovery = ({ gap, byMs }: Late): Violation => ({
  kind: 'late_recovery',
  run: '',
  detail: `${gap.of} came ${Math.round(byMs)} ms later than the published times allow, at ${new Date(gap.to).toISOString()} after ${Math.round(gap.to - gap.from)} ms`,
})

/** A judge's answers are recorded as verdicts, and so not looked for here. */
function paidAndLost(journal: Journal, claimed: ReadonlyMap<number, string>): PaidTwice {
  const tokensOf = (calls: readonly JournalEntry[]): number =>
    calls.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0)
  const answered = journal.all().filter(({ end, mode }) => end === 'answered' && mode === 'task')
  const lost = answered.filter(({ number }) => !claimed.has(number))
  return { calls: lost.length, tokens: tokensOf(lost), ofTokens: tokensOf(answered) }
}

function noCounts(acknowledged: number): Counts {
  return {
    runs: { acknowledged, completed: 0, failed: 0, cancelled: 0, live: 0 },
    tasks: { ended: 0, starts: 0, again: 0, lost: 0, released: 0, buried: 0 },
    turns: 0,
    startsAfterMigration: { earlier: 0, present: 0 },
  }
}

function addCounts(counts: Counts, history: RunHistory): void {
  const { run, tasks, events, attempts, turns } = history
  counts.runs.live += run.live ? 1 : 0
  counts.runs.completed += run.status === 'completed' ? 1 : 0
  counts.runs.cancelled += run.status === 'cancelled' ? 1 : 0
  counts.runs.failed += run.status === 'failed' ? 1 : 0
  counts.tasks.ended += events.filter((event) => event.type in TASK_END).length
  const starts = events.filter((event) => event.type === 'task.started')
  counts.tasks.starts += starts.length
  counts.tasks.again += starts.filter(
    ({ data }) => data['kind'] === 'recovery' || data['kind'] === 'continuation',
  ).length
  counts.tasks.lost += attempts.filter((attempt) => attempt.status === 'lost').length
  counts.tasks.released += attempts.filter((attempt) => attempt.status === 'released').length
  counts.tasks.buried += tasks.filter((task) => isBuried(history, task)).length
  counts.turns += turns.length
}

function addVersions({ startsAfterMigration }: Counts, { events }: RunHistory, migratedAt: number | null): void {
  if (migratedAt === null) return
  for (const { type, at, data } of events) {
    if (type !== 'task.started' || at <= migratedAt) continue
    const worker = data['worker']
    if (typeof worker === 'string' && worker.startsWith('earlier-')) startsAfterMigration.earlier++
    else startsAfterMigration.present++
  }
}

/** A worker that has heard nothing of its queue for long ends itself, so that another takes its place. */
const EXIT_QUEUE_DEAD = 75

/** A worker that served ends only when it is told to, and then in time. */
function checkWorkers({ fleet, overrun }: VerifyInput): Violation[] {
  const crashed = fleet.crashes.filter((crash) => crash.ready && crash.code !== EXIT_QUEUE_DEAD)
  return [
    ...crashed.map(({ worker, code, signal, at }): Violation => ({
      kind: 'worker_crashed',
      run: '',
      detail: `worker ${worker + 1} ended by itself (${code ?? signal}) at ${new Date(at).toISOString()}`,
    })),
    ...overrun.map((worker): Violation => ({
      kind: 'drain_overrun',
      run: '',
      detail: `worker ${worker + 1} did not end in time, or not with 0`,
    })),
  ]
}

/** With nothing running, nothing holds a place in a pool. */
async function checkPools(pool: pg.Pool): Promise<Violation[]> {
  const { rows } = await pool.query<{ role: string; running: number; active: number }>(
    `select p.role, p.running, (select count(*)::int from flotilla.tasks t where t.role = p.role and t.status = 'in_progress') as active
     from flotilla.pools p`,
  )
  return rows
    .filter(({ running, active }) => running !== active)
    .map(({ role, running, active }): Violation => ({
      kind: 'pool_leak',
      run: '',
      detail: `the pool of ${role} counts ${running} running, on record are ${active}`,
    }))
}

/** Every row of a run belongs to a run that is there, and to its workspace: most have no foreign key that says so. */
async function checkOwners(pool: pg.Pool): Promise<Violation[]> {
  const { rows: tables } = await pool.query<{ name: string }>('select t::text as name from flotilla.tables_of_runs() t')
  const counts = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await pool.query<{ n: number }>(
        `select count(*)::int as n from ${name} x where x.run_id is not null
           and not exists (select from flotilla.runs r where r.id = x.run_id and r.workspace_id = x.workspace_id)`,
      )
      return { name, n: rows[0]?.n ?? 0 }
    }),
  )
  return counts
    .filter(({ n }) => n > 0)
    .map(({ name, n }): Violation => ({
      kind: 'row_astray',
      run: '',
      detail: `${n} rows of ${name} belong to no run, or to one of another workspace`,
    }))
}
