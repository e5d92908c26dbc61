import { patchBudget, type PatchRun } from '@flotilla/domain'
import { sql } from 'kysely'
import { setBudgetLimits } from '../budgets/limits.ts'
import { json, type Tx } from '../connect.ts'
import type { LockedRun } from './transitions.ts'

/** Changes a live run; the caller holds its lock. */
export async function recordPatch(tx: Tx, run: LockedRun, patch: PatchRun): Promise<void> {
  if (patch.budget !== undefined) await setRunBudget(tx, run, patch.budget)
  if (patch.labels !== undefined)
    await tx
      .updateTable('run_specs')
      .set({ labels: json(patch.labels) })
      .where('run_id', '=', run.id)
      .execute()
  if (patch.priority !== undefined) {
    await tx.updateTable('runs').set({ priority: patch.priority }).where('id', '=', run.id).execute()
    await tx.updateTable('tasks').set({ priority: patch.priority }).where('run_id', '=', run.id).execute()
  }
}

/** A run's wall time is its deadline, the other limits its account's. A pause that lasts moves the deadline when it ends. */
async function setRunBudget(tx: Tx, run: LockedRun, patch: NonNullable<PatchRun['budget']>): Promise<void> {
  const spec = await tx.selectFrom('run_specs').select('budget').where('run_id', '=', run.id).executeTakeFirstOrThrow()
  const budget = patchBudget(spec.budget, patch)
  const { seconds, onExceeded: _policy, ...limits } = budget
  await setBudgetLimits(tx, { workspaceId: run.workspaceId, runId: run.id, idx: null }, limits)
  await tx
    .updateTable('run_specs')
    .set({ budget: json(budget) })
    .where('run_id', '=', run.id)
    .execute()
  if (patch.seconds !== undefined)
    await tx
      .updateTable('runs')
      .set({
        deadline: sql<Date | null>`started_at + (${seconds ?? null}::float8 + paused_ms / 1000.0) * interval '1 s'`,
      })
      .where('id', '=', run.id)
      .execute()
}
