import type { Dispatch, Plan, RunStatus } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, type Tx } from '../connect.ts'
import { appendEvent } from '../events/append.ts'
import { insertPlan } from './create.ts'

/** A run whose row this transaction holds: its status, counters and event numbers stay until the commit. */
export type LockedRun = Readonly<{
  id: number
  uid: string
  workspaceId: number
  status: RunStatus
  autoStart: boolean
  priority: number
  planVersion: number
  seq: number
  createdAt: Date
}>

/** Locks a run for a control; null when the workspace has no such run. */
export async function lockRun(tx: Tx, uid: string): Promise<LockedRun | null> {
  const row = await tx
    .selectFrom('runs')
    .select([
      'id',
      'uid',
      'workspace_id as workspaceId',
      'status',
      'auto_start as autoStart',
      'priority',
      'plan_version as planVersion',
      'seq',
      'created_at as createdAt',
    ])
    .where('uid', '=', uid)
    .forNoKeyUpdate()
    .executeTakeFirst()
  return row ?? null
}

/**
 * A rested run goes on to its expansion, due at once; one that is not planned yet will go on by itself when it is. Answers
 * the status afterwards; null when the run has moved on.
 */
export async function recordStart(tx: Tx, run: LockedRun): Promise<RunStatus | null> {
  const rests = run.status === 'awaiting_approval'
  const row = await tx
    .updateTable('runs')
    .set(
      rests
        ? { status: 'executing', auto_start: true, holder: null, tries: 0, due: sql<Date>`clock_timestamp()` }
        : { auto_start: true },
    )
    .where('id', '=', run.id)
    .where('status', 'in', rests ? ['awaiting_approval'] : ['created', 'planning'])
    .returning('status')
    .executeTakeFirst()
  return row?.status ?? null
}

/**
 * Ends a run and every task of it that has not ended, in three statements whatever their number. The fences move, so that
 * what still runs is refused when it settles. `pools` are not this role's to write: the reconciler counts them anew. The
 * run's last event is `run.cancelled`. Answers how many tasks were cancelled; null when the run has moved on.
 */
export async function recordCancel(tx: Tx, run: LockedRun): Promise<number | null> {
  await allowLongStatements(tx)
  const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(tx)
  const at = rows[0]?.at ?? null
  const cancelled = await cancelTasks(tx, run, at)
  const ended = await tx
    .updateTable('runs')
    .set((eb) => ({
      status: 'cancelled',
      live: false,
      holder: null,
      due: null,
      fence: eb('fence', '+', 1),
      todo: 0,
      seq: run.seq + cancelled + 1,
      finished_at: at,
    }))
    .where('id', '=', run.id)
    .where('status', '=', run.status)
    .returning('id')
    .executeTakeFirst()
  if (ended === undefined) return null
  await tx
    .insertInto('events')
    .values({
      run_id: run.id,
      seq: run.seq + cancelled + 1,
      workspace_id: run.workspaceId,
      idx: null,
      type: 'run.cancelled',
      at: at as Date,
      data: json({ tasks: cancelled }),
    })
    .execute()
  return cancelled
}

/** One statement: statuses, the running attempts' ends and the numbered events all stand on what the run's lock keeps still. */
async function cancelTasks(tx: Tx, run: LockedRun, at: Date | null): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    with live as (
      select idx, status, worker, attempt, kind, started_at, row_number() over (order by idx) as n
      from flotilla.tasks where run_id = ${run.id} and status not in ('completed', 'failed', 'skipped', 'cancelled')),
    ended as (
      update flotilla.tasks t set status = 'cancelled', fence = t.fence + 1, due = null, not_before = null, worker = null, finished_at = ${at}
      from live where t.run_id = ${run.id} and t.idx = live.idx),
    attempts as (
      insert into flotilla.attempts (run_id, idx, number, workspace_id, kind, status, worker, started_at, finished_at, usage, error)
      select ${run.id}, idx, attempt, ${run.workspaceId}, kind, 'cancelled', coalesce(worker, '?'), started_at, ${at}, '{}',
        '{"code": "cancelled", "message": "the run was cancelled"}'
      from live where status = 'in_progress' on conflict do nothing),
    logged as (
      insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data)
      select ${run.id}, ${run.seq} + n, ${run.workspaceId}, idx, 'task.cancelled', ${at}, '{"reason": "the run was cancelled"}' from live)
    select count(*) as n from live`.execute(tx)
  return rows[0]?.n ?? 0
}

const REPLACED: Dispatch = {
  kind: 'explicit',
  template: null,
  reason: 'the plan was replaced before the start',
  planner: 'user',
  repairs: 0,
  simulated: false,
}

/** A user's plan becomes the next version and the run rests; a planner at work loses its fence. Null: it has moved on. */
export async function recordReplacedPlan(tx: Tx, run: LockedRun, plan: Plan): Promise<number | null> {
  const version = run.planVersion + 1
  const moved = await tx
    .updateTable('runs')
    .set((eb) => ({
      status: 'awaiting_approval',
      plan_version: version,
      fence: eb('fence', '+', 1),
      holder: null,
      due: null,
      tries: 0,
    }))
    .where('id', '=', run.id)
    .where('status', '=', run.status)
    .where('auto_start', '=', false)
    .returning('id')
    .executeTakeFirst()
  if (moved === undefined) return null
  const base = { runId: run.id, workspaceId: run.workspaceId }
  await insertPlan(tx, { ...base, version, plan })
  await tx
    .updateTable('run_specs')
    .set({ dispatch: json(REPLACED) })
    .where('run_id', '=', run.id)
    .execute()
  await appendEvent(tx, { ...base, type: 'run.plan_ready', data: { version, tasks: plan.tasks.length, by: 'user' } })
  if (run.status !== 'awaiting_approval')
    await appendEvent(tx, { ...base, type: 'run.awaiting_approval', data: { version } })
  return version
}

/** Removes an ended run with all that hangs on it, documents included. False: it is not there any more, or not ended. */
export async function removeRun(tx: Tx, run: LockedRun): Promise<boolean> {
  await allowLongStatements(tx)
  const removed = await tx
    .deleteFrom('runs')
    .where('id', '=', run.id)
    .where('status', 'in', ['completed', 'failed', 'cancelled'])
    .executeTakeFirst()
  return removed.numDeletedRows === 1n
}

/** Ending or deleting 10,000 tasks is one statement each; on a busy server it takes longer than a request's usual limit. */
const allowLongStatements = (tx: Tx): Promise<unknown> => sql`set local statement_timeout = '60s'`.execute(tx)
