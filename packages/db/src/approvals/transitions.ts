import { decidedAnswer, type ApprovalDecision, type OutcomeSubject } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Db, Tx } from '../connect.ts'
import { appendEvent } from '../events/append.ts'
import type { WakeUp } from '../tasks/step.ts'

/** An approval whose run's row this transaction holds: a decision, its expiry and a cancel come one after the other. */
export type LockedApproval = Readonly<{
  id: number
  uid: string
  workspaceId: number
  runId: number
  idx: number
  attempt: number
  subject: OutcomeSubject
  live: boolean
}>

/** Locks the run, then reads the approval; null when there is none of this id. */
export async function lockApproval(tx: Tx, uid: string): Promise<LockedApproval | null> {
  await sql`select 1 from flotilla.runs r where r.id = (select run_id from flotilla.approvals where uid = ${uid}) for no key update`.execute(
    tx,
  )
  const { rows } = await sql<LockedApproval>`
    select p.id, p.uid, p.workspace_id as "workspaceId", p.run_id as "runId", p.idx, p.attempt, p.subject, r.live
    from flotilla.approvals p join flotilla.runs r on r.id = p.run_id where p.uid = ${uid}`.execute(tx)
  return rows[0] ?? null
}

/**
 * What a person has decided, or what follows from nobody having decided in time, goes into the ledger, and the task may go on.
 * Answers whom to wake, after the commit; null when the approval is no longer pending.
 */
export async function recordDecision(
  tx: Tx,
  approval: LockedApproval,
  decision: ApprovalDecision,
  status: 'decided' | 'expired',
): Promise<WakeUp[] | null> {
  const decided = await tx
    .updateTable('approvals')
    .set({
      status,
      decision: decision.decision,
      result: decision.result,
      comment: decision.comment,
      decided_by: decision.by,
      decided_at: sql<Date>`clock_timestamp()`,
    })
    .where('id', '=', approval.id)
    .where('status', '=', 'pending')
    .returning('id')
    .executeTakeFirst()
  if (decided === undefined) return null
  const { runId, workspaceId, idx, subject } = approval
  const about = {
    approvalId: approval.uid,
    status,
    decision: decision.decision,
    by: decision.by,
    comment: decision.comment,
  }
  const data = { ...about, tool: subject.tool, effectId: subject.effectId }
  await appendEvent(tx, { runId, workspaceId, idx, type: 'approval.decided', data })
  await intoLedger(tx, approval, decidedAnswer(subject.tool, decision, status === 'expired'))
  return readyTask(tx, approval)
}

/** A decided outcome ends the call; without one it may be made once more. Only a call that is still open is touched. */
async function intoLedger(
  tx: Tx,
  { runId, workspaceId, idx, subject }: LockedApproval,
  outcome: ReturnType<typeof decidedAnswer>,
): Promise<void> {
  const { attempt, turn, n, tool, effectId } = subject
  const changed = await tx
    .updateTable('tool_calls')
    .set(
      outcome === null
        ? { may_repeat: true }
        : { status: outcome.status, result: outcome.result, finished_at: sql<Date>`clock_timestamp()` },
    )
    .where('run_id', '=', runId)
    .where('idx', '=', idx)
    .where('attempt', '=', attempt)
    .where('turn', '=', turn)
    .where('n', '=', n)
    .where('status', '=', 'started')
    .returning('n')
    .executeTakeFirst()
  if (changed === undefined || outcome === null) return
  const data = { attempt, turn, tool, effectId, status: outcome.status }
  await appendEvent(tx, { runId, workspaceId, idx, type: 'task.tool_called', data })
}

/** Due in 3 s: that is when the reconciler wakes it, should the wake-up be lost. */
async function readyTask(tx: Tx, { runId, idx, attempt }: LockedApproval): Promise<WakeUp[]> {
  const { rows } = await sql<Pick<WakeUp, 'role' | 'priority'>>`
    update flotilla.tasks set status = 'ready', due = clock_timestamp() + interval '3 s'
    where run_id = ${runId} and idx = ${idx} and attempt = ${attempt} and status = 'awaiting_approval'
    returning role, priority`.execute(tx)
  return rows.map(({ role, priority }) => ({ runId, idx, role, priority, delayMs: 0, judge: false }))
}

/** Nothing is left to decide in a run that has ended: what its end itself did not withdraw. */
export async function withdrawApproval(tx: Tx, approval: LockedApproval): Promise<void> {
  await tx
    .updateTable('approvals')
    .set({ status: 'withdrawn', decided_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', approval.id)
    .where('status', '=', 'pending')
    .execute()
}

/** Approvals that nobody has decided in time, the oldest first, and those of runs that have ended. */
export async function readOverdueApprovals(db: Db, limit: number): Promise<string[]> {
  const { rows } = await sql<{ uid: string }>`
    select p.uid from flotilla.approvals p
    where p.status = 'pending' and (p.expires_at <= clock_timestamp() or not (select live from flotilla.runs where id = p.run_id))
    order by p.expires_at limit ${limit}`.execute(db)
  return rows.map(({ uid }) => uid)
}
