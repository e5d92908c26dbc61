import type { Dispatch, Plan, RunStatus } from '@flotilla/domain'
import { sql, type RawBuilder } from 'kysely'
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

/**
 * Ending, resuming, copying or deleting 10,000 tasks is a statement or a few; on a busy server one takes longer than a request's
 * usual limit. It stays below the time after which a connection without an answer is taken for lost.
 */
export const allowLongStatements = (tx: Tx): Promise<unknown> => sql`set local statement_timeout = '9s'`.execute(tx)

/** Milliseconds of its time since its start that a run's present pause has taken until then; 0 when it is not paused. */
export const pausedMs = (until: Date | RawBuilder<Date>): RawBuilder<number> => sql<number>`case
  when status = 'paused' and started_at is not null
  then (extract(epoch from ${until}::timestamptz - greatest(paused_at, started_at)) * 1000)::bigint else 0 end`
