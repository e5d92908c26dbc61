import { sql } from 'kysely'
import { json, transact, type Db, type Tx } from '../connect.ts'
import type { RunWakeUp } from '../tasks/transitions.ts'
import { cancelTasks } from './cancel.ts'
import { allowLongStatements } from './transitions.ts'

type Late = Readonly<{ id: number; workspaceId: number; seq: number; priority: number; seconds: number }>

/**
 * Ends the execution of one run whose wall time is over: what has not ended is cancelled, and the run goes to its finishing,
 * which fails it with what is written here and reports what was done. Null: there is none, or somebody holds it just now.
 * Runs that are paused are not past it: a resume moves their deadline.
 */
export function expireRun(db: Db): Promise<RunWakeUp | null> {
  return transact(db, async (tx) => {
    const { rows } = await sql<Late>`
      select r.id, r.workspace_id as "workspaceId", r.seq, r.priority, (s.budget ->> 'seconds')::float8 as seconds
      from flotilla.runs r join flotilla.run_specs s on s.run_id = r.id
      where r.live and r.deadline < clock_timestamp() and r.status = 'executing' and r.expanded
      order by r.deadline limit 1 for no key update of r skip locked`.execute(tx)
    const run = rows[0]
    if (run === undefined) return null
    await endExecution(tx, run)
    return { runId: run.id, priority: run.priority }
  })
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
