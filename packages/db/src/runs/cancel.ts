import type { Failure } from '@flotilla/domain'
import { sql, type RawBuilder } from 'kysely'
import { json, type Tx } from '../connect.ts'
import { usageOfRun } from './usage.ts'
import { allowLongStatements, pausedMs, type LockedRun } from './transitions.ts'

/**
 * Ends a run and every task of it that has not ended, in a few statements whatever their number, with the receipt. The fences
 * move, so that what still runs is refused when it settles. `pools` are not this role's to write: the reconciler counts them
 * anew. The run's last event is `run.cancelled`. Answers how many tasks were cancelled; null when the run has moved on.
 */
export async function recordCancel(tx: Tx, run: LockedRun): Promise<number | null> {
  await allowLongStatements(tx)
  const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(tx)
  const at = (rows[0] as { at: Date }).at
  const cancelled = await cancelTasks(tx, run, { at, code: 'cancelled', message: 'the run was cancelled' })
  await sql`
    insert into flotilla.cancellations (run_id, workspace_id, requested_at, was, tasks, spent)
    select id, workspace_id, ${at}, status, ${json(cancelled.byStatus)}::jsonb, ${usageOfRun('r')}
    from flotilla.runs r where id = ${run.id}`.execute(tx)
  const ended = await tx
    .updateTable('runs')
    .set({
      status: 'cancelled',
      live: false,
      holder: null,
      due: null,
      // A planner at work tells later what it had used; see record_late.
      fence: sql<number>`fence + case when holder is null then 2 else 1 end`,
      todo: 0,
      seq: run.seq + cancelled.tasks + 1,
      finished_at: at,
      paused_ms: sql<number>`paused_ms + ${pausedMs(at)}`,
      resume_to: null,
      paused_at: null,
    })
    .where('id', '=', run.id)
    .where('status', '=', run.status)
    .returning('id')
    .executeTakeFirst()
  if (ended === undefined) return null
  const last = { seq: run.seq + cancelled.tasks + 1, type: 'run.cancelled' as const }
  await tx
    .insertInto('events')
    .values({
      run_id: run.id,
      workspace_id: run.workspaceId,
      idx: null,
      at,
      data: json({ tasks: cancelled.tasks }),
      ...last,
    })
    .execute()
  return cancelled.tasks
}

type Ended = Readonly<{ tasks: number; byStatus: Readonly<Record<string, number>> }>

/**
 * One statement: statuses, the running attempts' ends and the numbered events all stand on what the run's lock keeps still.
 * The events take the numbers after the run's `seq`. A claim at work has its fence moved by one, so that it can tell once
 * what it had used; anything else by two.
 */
export async function cancelTasks(
  tx: Tx,
  run: Pick<LockedRun, 'id' | 'workspaceId' | 'seq'>,
  why: Readonly<{ at: Date | RawBuilder<Date> }> & Pick<Failure, 'code' | 'message'>,
): Promise<Ended> {
  const { at, code, message } = why
  // Where the statistics are older than the run, a nested loop would look for each of its tasks among all of them.
  await setNestedLoops(tx, 'off')
  const { rows } = await sql<{ status: string; n: number }>`
    with live as (
      select idx, status, worker, attempt, kind, started_at, row_number() over (order by idx) as n
      from flotilla.tasks where run_id = ${run.id} and status not in ('completed', 'failed', 'skipped', 'cancelled')),
    ended as (
      update flotilla.tasks t set status = 'cancelled', due = null, not_before = null, worker = null, finished_at = ${at},
        fence = t.fence + case when live.status in ('in_progress', 'verifying') then 1 else 2 end
      from live where t.run_id = ${run.id} and t.idx = live.idx),
    attempts as (
      insert into flotilla.attempts (run_id, idx, number, workspace_id, kind, status, worker, started_at, finished_at, usage, error)
      select ${run.id}, idx, attempt, ${run.workspaceId}, kind, 'cancelled', coalesce(worker, '?'), started_at, ${at}, '{}',
        ${json({ code, message })}::jsonb
      from live where status = 'in_progress' on conflict do nothing),
    withdrawn as (
      update flotilla.approvals set status = 'withdrawn', decided_at = ${at} where run_id = ${run.id} and status = 'pending'),
    logged as (
      insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data)
      select ${run.id}, ${run.seq} + n, ${run.workspaceId}, idx, 'task.cancelled', ${at}, ${json({ reason: message })}::jsonb from live)
    select case status when 'to_verify' then 'verifying' else status end as status, count(*)::int as n from live group by 1 order by 1`.execute(
    tx,
  )
  await setNestedLoops(tx, 'on')
  return {
    tasks: rows.reduce((sum, row) => sum + row.n, 0),
    byStatus: Object.fromEntries(rows.map((row) => [row.status, row.n])),
  }
}

const setNestedLoops = (tx: Tx, to: 'on' | 'off'): Promise<unknown> =>
  sql`select set_config('enable_nestloop', ${to}, true)`.execute(tx)
