import type { BudgetLimits, BudgetStop } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'

/** A task's account, a run's, or without `runId` the workspace's from this month on. */
export type BudgetRef = Readonly<{ workspaceId: number; runId: number | null; idx: number | null }>

export type LimitsSet =
  | Readonly<{ ok: true }>
  | Readonly<{ ok: false; why: 'not_found' }>
  /** A limit below what is spent and held. */
  | Readonly<{ ok: false; why: 'spent'; stop: BudgetStop }>

/** Replaces an account's limits, up or down; a dimension that is left out has none. Calls under way keep what they hold. */
export async function setBudgetLimits(tx: Tx, ref: BudgetRef, limits: BudgetLimits): Promise<LimitsSet> {
  const { rows } = await sql<{ r: (BudgetStop & { status: 'not_found' | 'spent' }) | null }>`
    select flotilla.limit_budget(${ref.workspaceId}, ${ref.runId}, ${ref.idx}, ${JSON.stringify(limits)}::jsonb) as r`.execute(
    tx,
  )
  const refusal = rows[0]?.r ?? null
  if (refusal === null) return { ok: true }
  const { status, ...stop } = refusal
  return status === 'not_found' ? { ok: false, why: status } : { ok: false, why: status, stop }
}
