import type { BudgetLimits } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'

/** A task's account, a run's, or without `runId` the workspace's from this month on. */
export type BudgetRef = Readonly<{ workspaceId: number; runId: number | null; idx: number | null }>

/**
 * Replaces an account's limits, up or down, also below what is spent and held: calls under way keep what they hold, and the next
 * one is stopped. A dimension that is left out has no limit. False: there is no such account.
 */
export async function setBudgetLimits(tx: Tx, ref: BudgetRef, limits: BudgetLimits): Promise<boolean> {
  const { rows } = await sql<{ refusal: unknown }>`
    select flotilla.limit_budget(${ref.workspaceId}, ${ref.runId}, ${ref.idx}, ${JSON.stringify(limits)}::jsonb) as refusal`.execute(
    tx,
  )
  return rows[0]?.refusal === null
}
