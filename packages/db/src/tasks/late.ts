import type { Usage } from '@flotilla/domain'
import type pg from 'pg'
import { json } from '../connect.ts'
import type { Claim } from './transitions.ts'

/** A claim that this process holds; without `idx` that of a run's planner or finisher. */
export type HeldClaim = Readonly<{ runId: number; idx: number | null; fence: number }>
export type StopReason = 'cancelled' | 'paused'

/** Which of these claims a cancel, a deadline or a pause is to stop. */
export async function readClaimsToStop(
  pool: pg.Pool,
  held: readonly HeldClaim[],
): Promise<(HeldClaim & Readonly<{ reason: StopReason }>)[]> {
  const { rows } = await pool.query<{ r: [number, number | null, number, StopReason][] | null }>({
    name: 'claims_to_stop',
    text: 'select flotilla.claims_to_stop($1, $2, $3) as r',
    values: [held.map((c) => c.runId), held.map((c) => c.idx), held.map((c) => c.fence)],
  })
  return (rows[0]?.r ?? []).map(([runId, idx, fence, reason]) => ({ runId, idx, fence, reason }))
}

/** What a claim used that a cancel or a deadline ended. */
export type LateUsage = Readonly<{
  /** The whole attempt's; null of a judge or a planner. */
  usage: Usage | null
  /** What no transaction has counted yet. */
  spent: Usage
}>

/**
 * Counts what was used in vain, after the fact: on the run, the task, the attempt and the receipt. False: the claim was not
 * ended that way, or has told already.
 */
export async function recordLateUsage(pool: pg.Pool, claim: Claim | HeldClaim, late: LateUsage): Promise<boolean> {
  const { rows } = await pool.query<{ r: boolean }>({
    name: 'record_late',
    text: 'select flotilla.record_late($1, $2, $3, $4, $5) as r',
    values: [claim.runId, claim.idx, claim.fence, late.usage && json(late.usage), json(late.spent)],
  })
  return rows[0]?.r ?? false
}
