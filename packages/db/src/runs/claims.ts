import type { RunStatus } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Db, Tx } from '../connect.ts'
import type { PlanningRecord } from './plan-reads.ts'

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
export async function claimRun(
  db: Db,
  { runId, ...input }: Readonly<{ runId: number; phase: RunPhase; worker: string; leaseMs: number }>,
): Promise<RunClaim | null> {
  return (await claimRuns(db, { runIds: [runId], ...input })).get(runId) ?? null
}

/** As `claimRun`, of many runs in one commit: those that are ours to do. */
export async function claimRuns(
  db: Db,
  input: Readonly<{ runIds: readonly number[]; phase: RunPhase; worker: string; leaseMs: number }>,
): Promise<Map<number, RunClaim>> {
  const { rows } = await sql<{ claims: RunClaim[] | null }>`
    select flotilla.claim_runs(${[...input.runIds]}::bigint[], ${input.phase}, ${input.worker}, ${`${input.leaseMs} ms`}::interval) as claims`.execute(
    db,
  )
  return new Map((rows[0]?.claims ?? []).map((claim) => [claim.runId, claim]))
}

/** A claim for each run asked for, while there are any: of another run, if its turn comes first. Null: nothing to do. */
export async function claimPlanning(
  db: Db,
  input: Readonly<{ asked: readonly number[]; worker: string; leaseMs: number }>,
): Promise<(PlanningClaim | null)[]> {
  const { rows } = await sql<{ claims: PlanningClaim[] | null }>`
    select flotilla.claim_to_plan(${[...input.asked]}::bigint[], ${input.worker}, ${`${input.leaseMs} ms`}::interval) as claims`.execute(
    db,
  )
  const claims = rows[0]?.claims ?? []
  return input.asked.map((_, i) => claims[i] ?? null)
}

/** With what planning starts from. */
export type PlanningClaim = Readonly<{ claim: RunClaim; record: PlanningRecord }>

/** Renews the leases of planners and finishers; answers the runs that are no longer held. */
export async function heartbeatRuns(
  db: Db,
  held: readonly Readonly<{ runId: number; fence: number }>[],
  leaseMs: number,
): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    update flotilla.runs r set due = clock_timestamp() + ${`${leaseMs} ms`}::interval
    from unnest(${held.map((h) => h.runId)}::bigint[], ${held.map((h) => h.fence)}::int[]) h(id, fence)
    where r.id = any (array[h.id]) and case when r.live then r.fence = h.fence end returning r.id`.execute(db)
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
  const sorted = held.toSorted((a, b) => a.runId - b.runId)
  const { rows } = await sql<{ runId: number; priority: number; phase: RunPhase }>`
    update flotilla.runs r set holder = null, fence = r.fence + 1, tries = greatest(0, r.tries - 1), due = clock_timestamp()
    from unnest(${sorted.map((h) => h.runId)}::bigint[], ${sorted.map((h) => h.fence)}::int[]) h(id, fence)
    where r.id = any (array[h.id]) and case when r.live then r.fence = h.fence end
    returning r.id as "runId", r.priority, case when r.status = 'verifying' then 'finish' else 'plan' end as phase`.execute(
    db,
  )
  return rows
}

/** Locks a claimed run for a write of its holder and answers its row; null when the fence is lost or the run has ended. */
export async function lockClaimedRun(
  tx: Tx,
  claim: Readonly<{ runId: number; fence: number }>,
): Promise<{ planVersion: number } | null> {
  const { rows } = await sql<{ planVersion: number }>`
    select plan_version as "planVersion" from flotilla.claimed_run(${claim.runId}, ${claim.fence}) where id is not null`.execute(
    tx,
  )
  return rows[0] ?? null
}
