import type { RunStatus } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'
import { appendEvent } from '../events/append.ts'
import type { WakeUp } from '../tasks/step.ts'
import { allowLongStatements, pausedMs, type LockedRun } from './transitions.ts'

/**
 * Halts a run where it is: everything that claims asks for another status, and every check before a model call sees it. Claims
 * at work keep their fence, and their settlements take effect. False: the run has moved on.
 */
export async function recordPause(tx: Tx, run: LockedRun): Promise<boolean> {
  const paused = await tx
    .updateTable('runs')
    .set({ status: 'paused', resume_to: run.status, paused_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', run.id)
    .where('status', '=', run.status)
    .returning('id')
    .executeTakeFirst()
  if (paused === undefined) return false
  await appendEvent(tx, { runId: run.id, workspaceId: run.workspaceId, type: 'run.paused', data: { was: run.status } })
  return true
}

/** What to wake once a resume has committed. */
export type Resumed = Readonly<{ status: RunStatus; plan: boolean; finish: boolean; tasks: readonly WakeUp[] }>

/**
 * Lets a paused run go on with the status that it was paused in, or verify where nothing was left to do. Its deadline moves on
 * by the length of the pause, and whatever is claimable is due at once and asks its lane anew. A planner that was at work all the time keeps its
 * claim; a finisher, which the pause made write in vain, loses it. Null: the run has moved on.
 */
export async function recordResume(tx: Tx, run: LockedRun): Promise<Resumed | null> {
  await allowLongStatements(tx)
  const { rows } = await sql<{ to: RunStatus; status: RunStatus; expanded: boolean }>`
    with was as (
      select id, resume_to as to, case when resume_to = 'executing' and expanded and todo = 0 then 'verifying' else resume_to end as status,
        ${pausedMs(sql<Date>`clock_timestamp()`)} as ms
      from flotilla.runs where id = ${run.id} and status = 'paused')
    update flotilla.runs r set status = was.status, resume_to = null, paused_at = null, paused_ms = r.paused_ms + was.ms,
      deadline = r.deadline + was.ms * interval '1 ms',
      tries = case when was.status <> was.to then 0 else r.tries end,
      holder = case when was.status = 'verifying' then null else r.holder end,
      fence = r.fence + (was.status = 'verifying' and r.holder is not null)::int,
      due = case
        when was.status = 'awaiting_approval' or (was.status = 'executing' and r.expanded) then null
        when was.status = 'verifying' or r.holder is null then clock_timestamp()
        else r.due end
    from was where r.id = was.id returning was.to, r.status, r.expanded`.execute(tx)
  const row = rows[0]
  if (row === undefined) return null
  const base = { runId: run.id, workspaceId: run.workspaceId }
  await reopenRefused(tx, run.id)
  await appendEvent(tx, { ...base, type: 'run.resumed', data: { to: row.to } })
  if (row.status !== row.to) await appendEvent(tx, { ...base, type: 'run.verifying' })
  const { status, expanded } = row
  return {
    status,
    plan: status === 'created' || status === 'planning' || (status === 'executing' && !expanded),
    finish: status === 'verifying',
    tasks: status === 'executing' && expanded ? await dueAgain(tx, run.id) : [],
  }
}

/**
 * Who resumes a run has made its key good: the lanes that it was refused on, or that its tasks wait for, and all others that the
 * same keys were refused on, are asked at once. What was refused for its rate stays closed. Nobody stands in line any more: tasks
 * of all runs that wait for such a lane are woken by the reconciler, in pieces. Locked in one order: resumes come side by side.
 */
async function reopenRefused(tx: Tx, runId: number): Promise<void> {
  await sql`
    with mine as (
      select wait ->> 'laneId' as lane from flotilla.tasks
      where run_id = ${runId} and status in ('ready', 'revising', 'to_verify') and wait ->> 'laneId' is not null),
    told as (
      select data ->> 'reason' as why from flotilla.events
      where run_id = ${runId} and type = 'run.paused' and data ->> 'by' = 'model_key' order by seq desc limit 1),
    refused as (
      select id, split_part(id, '/', 1) as provider, substring(id from '[^/]*$') as key, state ->> 'closedWhy' as why
      from flotilla.model_lanes where (state ->> 'refusedKey')::boolean order by id for no key update),
    good as (select provider, key from refused where id in (select lane from mine) or why in (select why from told))
    update flotilla.model_lanes l set state = l.state || jsonb_build_object('closedUntil', x.now, 'openedAt', x.now, 'lines', '{}'::jsonb)
    from (select floor(extract(epoch from clock_timestamp()) * 1000) as now) x
    where (l.state ->> 'closedUntil')::float8 > x.now
      and l.id in (select id from refused where (provider, key) in (select provider, key from good))`.execute(tx)
}

/** What rests until a time of its own, a retry's, goes on resting until then; what waits for a lane or for room looks again. */
async function dueAgain(tx: Tx, runId: number): Promise<WakeUp[]> {
  const { rows } = await sql<WakeUp>`
    update flotilla.tasks set due = greatest(clock_timestamp(), case when wait is null then not_before end),
      not_before = case when wait is null then not_before end, wait = null
    where run_id = ${runId} and status in ('ready', 'revising', 'to_verify')
    returning run_id as "runId", idx, role, priority, status = 'to_verify' as judge,
      ceil(greatest(0, extract(epoch from not_before - clock_timestamp()) * 1000))::int as "delayMs"`.execute(tx)
  return rows.map((row) => ({ ...row, delayMs: row.delayMs ?? 0 }))
}
