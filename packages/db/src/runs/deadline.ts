import { amountText, type BudgetStop, type RunStatus } from '@flotilla/domain'
import { sql } from 'kysely'
import { haltRun } from '../budgets/exceeded.ts'
import { json, transact, type Db, type Tx } from '../connect.ts'
import type { RunWakeUp } from '../tasks/transitions.ts'
import { cancelTasks } from './cancel.ts'
import { allowLongStatements } from './transitions.ts'

type Late = Readonly<{
  id: number
  workspaceId: number
  status: RunStatus
  seq: number
  priority: number
  seconds: number
  /** Of wall time, without pauses. */
  spent: number
  pauses: boolean
}>

/** `paused`: it rests for more time, and nothing is to be woken. */
export type Expired = RunWakeUp & Readonly<{ paused: boolean }>

/**
 * Ends the execution of one run whose wall time is over: what has not ended is cancelled, and the run goes to its finishing,
 * which fails it with what is written here and reports what was done. One that is to pause at a limit rests instead, also while
 * it is planned. Null: there is none, or somebody holds it just now. Runs that are paused are not past it: a resume moves their
 * deadline.
 */
export function expireRun(db: Db): Promise<Expired | null> {
  return transact(db, async (tx) => {
    const { rows } = await sql<Late>`
      select r.id, r.workspace_id as "workspaceId", r.status, r.seq, r.priority, (s.budget ->> 'seconds')::float8 as seconds,
        extract(epoch from clock_timestamp() - r.started_at)::float8 - r.paused_ms / 1000.0 as spent,
        coalesce(s.budget ->> 'onExceeded' = 'pause', false) as pauses
      from flotilla.runs r join flotilla.run_specs s on s.run_id = any (array[r.id])
      where r.live and r.deadline < clock_timestamp() and (r.status = 'executing' and r.expanded
        or r.status in ('planning', 'executing') and s.budget ->> 'onExceeded' = 'pause')
      order by r.deadline limit 1 for no key update of r skip locked`.execute(tx)
    const run = rows[0]
    if (run === undefined) return null
    await (run.pauses ? pauseForTime(tx, run) : endExecution(tx, run))
    return { runId: run.id, priority: run.priority, paused: run.pauses }
  })
}

/** Calls in flight end and count, as in any pause. */
async function pauseForTime(tx: Tx, { id, workspaceId, status, seconds, spent }: Late): Promise<void> {
  const reason = `the run has no time left of its ${amountText('seconds', seconds)}`
  const settled = Math.round(spent * 1_000) / 1_000
  const budget: BudgetStop = { level: 'run', dimension: 'seconds', limit: seconds, reserved: 0, settled, asked: 0 }
  const why = { by: 'budget', reason }
  await haltRun(
    tx,
    { runId: id, idx: null },
    { workspaceId, status, why, exceeded: { reason, policy: 'pause', budget } },
  )
}

async function endExecution(tx: Tx, run: Late): Promise<void> {
  await allowLongStatements(tx)
  const { rows } = await sql<{ at: Date; told: boolean }>`
    select clock_timestamp() as at, exists (
      select from flotilla.events where run_id = ${run.id} and type = 'budget.exceeded') as told`.execute(tx)
  const { at, told } = rows[0] as { at: Date; told: boolean }
  const error = { code: 'budget_exceeded' as const, message: `the run ran out of time: its ${run.seconds} s are over` }
  const { tasks } = await cancelTasks(tx, run, { at, ...error })
  const first = run.seq + tasks
  const last = told ? [] : [{ type: 'budget.exceeded' as const, data: json({ reason: error.message }) }]
  const events = [...last, { type: 'run.verifying' as const, data: json({}) }]
  await tx
    .insertInto('events')
    .values(
      events.map((event, i) => ({
        run_id: run.id,
        workspace_id: run.workspaceId,
        seq: first + 1 + i,
        idx: null,
        at,
        ...event,
      })),
    )
    .execute()
  await tx
    .updateTable('run_specs')
    .set({ error: json(error) })
    .where('run_id', '=', run.id)
    .execute()
  await tx
    .updateTable('runs')
    .set({ status: 'verifying', todo: 0, tries: 0, due: at, seq: first + events.length })
    .where('id', '=', run.id)
    .execute()
}
