import type { JsonObject, RunStatus } from '@flotilla/domain'
import { sql } from 'kysely'
import { transact, type Db, type Tx } from '../connect.ts'
import { appendEvent } from '../events/append.ts'

/** Whose call was refused: a task's, or without `idx` a planner's. */
type Refused = Readonly<{ runId: number; idx: number | null }>

const eventOf = ({ runId, idx }: Refused, workspaceId: number) => ({
  runId,
  workspaceId,
  ...(idx === null ? {} : { idx }),
})

/** Says once a run that a budget ended work of it, with the amounts. */
export function recordBudgetExceeded(db: Db, claim: Refused, data: JsonObject): Promise<void> {
  return transact(db, async (tx) => {
    const run = await lockLiveRun(tx, claim.runId)
    if (run === undefined) return
    // Read after the lock: one statement for both would see the log as it was before it waited.
    const told = await tx
      .selectFrom('events')
      .select('seq')
      .where('run_id', '=', claim.runId)
      .where('type', '=', 'budget.exceeded')
      .where(sql`data ->> 'policy'`, 'is distinct from', 'pause')
      .limit(1)
      .execute()
    if (told.length === 0) await appendEvent(tx, { ...eventOf(claim, run.workspace_id), type: 'budget.exceeded', data })
  })
}

/** Says what was done to save, beside what the admission of a call tells: with the amounts, and what was changed. */
export function recordDegraded(db: Db, claim: Refused, data: JsonObject): Promise<void> {
  return transact(db, async (tx) => {
    const run = await lockLiveRun(tx, claim.runId)
    if (run !== undefined) await appendEvent(tx, { ...eventOf(claim, run.workspace_id), type: 'budget.degraded', data })
  })
}

/**
 * Halts a run until its budget is raised, with the amounts. Claims at work keep their fence, and what is in flight ends and
 * counts. False: the run is halted already, or has moved on.
 */
export const pauseForBudget = (db: Db, claim: Refused, data: JsonObject): Promise<boolean> =>
  halt(db, claim, { by: 'budget', reason: data['reason'] ?? null }, data)

/** The same where a provider has refused its key: nothing but another key helps, and then nothing is to be done again. */
export const pauseForKey = (db: Db, claim: Refused, reason: string): Promise<boolean> =>
  halt(db, claim, { by: 'model_key', reason }, null)

function halt(db: Db, claim: Refused, why: JsonObject, exceeded: JsonObject | null): Promise<boolean> {
  return transact(db, async (tx) => {
    const run = await lockLiveRun(tx, claim.runId)
    if (run === undefined || run.status === 'paused') return false
    await haltRun(tx, claim, { workspaceId: run.workspace_id, status: run.status, why, exceeded })
    return true
  })
}

type Halt = Readonly<{ workspaceId: number; status: RunStatus; why: JsonObject; exceeded: JsonObject | null }>

/** The same for a run that the caller holds the lock of, and that has this status. */
export async function haltRun(tx: Tx, claim: Refused, { workspaceId, status, why, exceeded }: Halt): Promise<void> {
  if (exceeded !== null)
    await appendEvent(tx, { ...eventOf(claim, workspaceId), type: 'budget.exceeded', data: exceeded })
  await tx
    .updateTable('runs')
    .set({ status: 'paused', resume_to: status, paused_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', claim.runId)
    .execute()
  await appendEvent(tx, { runId: claim.runId, workspaceId, type: 'run.paused', data: { was: status, ...why } })
}

const lockLiveRun = (tx: Tx, runId: number): Promise<{ workspace_id: number; status: RunStatus } | undefined> =>
  tx
    .selectFrom('runs')
    .select(['workspace_id', 'status'])
    .where('id', '=', runId)
    .where('live', '=', true)
    .forNoKeyUpdate()
    .executeTakeFirst()

/** Whether it was a budget that paused a run last. */
export async function wasPausedByBudget(tx: Tx, runId: number): Promise<boolean> {
  const { rows } = await sql<{ by: string | null }>`
    select data ->> 'by' as by from flotilla.events where run_id = ${runId} and type = 'run.paused'
    order by seq desc limit 1`.execute(tx)
  return rows[0]?.by === 'budget'
}
