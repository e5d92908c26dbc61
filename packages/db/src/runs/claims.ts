import type { RunStatus } from '@flotilla/domain'
import { sql } from 'kysely'
import { transact, type Db, type Tx } from '../connect.ts'
import { appendEvent } from '../events/append.ts'

export type RunPhase = 'plan' | 'finish'
export type RunClaim = Readonly<{
  runId: number
  uid: string
  workspaceId: number
  fence: number
  status: RunStatus
  autoStart: boolean
  expanded: boolean
  planVersion: number
  priority: number
  tries: number
}>

/**
 * Claims a run's planning (also its expansion after a start) or its finishing: nobody holds it, or the holder's lease ran
 * out. Null: not ours to do. The new fence is what every later write of this claim is checked against.
 */
export function claimRun(
  db: Db,
  input: Readonly<{ runId: number; phase: RunPhase; worker: string; leaseMs: number }>,
): Promise<RunClaim | null> {
  return transact(db, async (tx) => {
    const row = await tx
      .selectFrom('runs')
      .select([
        'id',
        'status',
        'workspace_id',
        'expanded',
        sql<boolean>`holder is null or due < clock_timestamp()`.as('free'),
      ])
      .where('id', '=', input.runId)
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (!row?.free || !isDue(input.phase, row.status, row.expanded)) return null
    const claim = await takeRun(tx, input, row.status === 'created' ? 'planning' : row.status)
    if (row.status === 'created')
      await appendEvent(tx, {
        runId: row.id,
        workspaceId: row.workspace_id,
        type: 'run.planning',
        data: { worker: input.worker },
      })
    return claim
  })
}

const takeRun = (
  tx: Tx,
  input: Readonly<{ runId: number; worker: string; leaseMs: number }>,
  status: RunStatus,
): Promise<RunClaim> =>
  tx
    .updateTable('runs')
    .set((eb) => ({
      status,
      holder: input.worker,
      fence: eb('fence', '+', 1),
      tries: eb('tries', '+', 1),
      due: sql<Date>`clock_timestamp() + ${`${input.leaseMs} ms`}::interval`,
    }))
    .where('id', '=', input.runId)
    .returning([
      'id as runId',
      'uid',
      'workspace_id as workspaceId',
      'fence',
      'status',
      'auto_start as autoStart',
      'expanded',
      'plan_version as planVersion',
      'priority',
      'tries',
    ])
    .executeTakeFirstOrThrow()

function isDue(phase: RunPhase, status: RunStatus, expanded: boolean): boolean {
  if (phase === 'finish') return status === 'verifying'
  return status === 'created' || status === 'planning' || (status === 'executing' && !expanded)
}

/** Renews the leases of planners and finishers; answers the runs that are no longer held. */
export async function heartbeatRuns(
  db: Db,
  held: readonly Readonly<{ runId: number; fence: number }>[],
  leaseMs: number,
): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    update flotilla.runs r set due = clock_timestamp() + ${`${leaseMs} ms`}::interval
    from unnest(${held.map((h) => h.runId)}::bigint[], ${held.map((h) => h.fence)}::int[]) h(id, fence)
    where r.id = h.id and r.fence = h.fence and r.live returning r.id`.execute(db)
  const renewed = new Set(rows.map((row) => row.id))
  return held.filter((h) => !renewed.has(h.runId)).map((h) => h.runId)
}

/**
 * Gives claims back whose holder ends before its work does: due at once, and no try is counted. Answers the runs that were
 * still held by these fences; what their holder writes later is refused.
 */
export async function handBackRuns(
  db: Db,
  held: readonly Readonly<{ runId: number; fence: number }>[],
): Promise<{ runId: number; priority: number; phase: RunPhase }[]> {
  if (held.length === 0) return []
  const inOrder = held.toSorted((a, b) => a.runId - b.runId)
  const { rows } = await sql<{ runId: number; priority: number; phase: RunPhase }>`
    update flotilla.runs r set holder = null, fence = r.fence + 1, tries = greatest(0, r.tries - 1), due = clock_timestamp()
    from unnest(${inOrder.map((h) => h.runId)}::bigint[], ${inOrder.map((h) => h.fence)}::int[]) h(id, fence)
    where r.id = h.id and r.fence = h.fence and r.live
    returning r.id as "runId", r.priority, case when r.status = 'verifying' then 'finish' else 'plan' end as phase`.execute(
    db,
  )
  return rows
}

/**
 * Locks a claimed run for a write of its holder and answers its row; null when the fence is lost or the run has ended.
 * Everything in the same transaction then stands on that lock.
 */
export async function lockClaimedRun(
  tx: Tx,
  claim: Readonly<{ runId: number; fence: number }>,
): Promise<{ status: RunStatus; auto_start: boolean; expanded: boolean; plan_version: number } | null> {
  const row = await tx
    .selectFrom('runs')
    .select(['status', 'auto_start', 'expanded', 'plan_version', 'live', 'fence'])
    .where('id', '=', claim.runId)
    .forNoKeyUpdate()
    .executeTakeFirst()
  return row?.live && row.fence === claim.fence ? row : null
}
