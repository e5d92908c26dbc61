import { inWorkspace, listPausedByMonth, readWorkspaceBudget, setWorkspaceBudget } from '@flotilla/db'
import {
  accepted,
  amountText,
  exact,
  raisesLimits,
  rejected,
  type BudgetStop,
  type Rejection,
  type Result,
  type SetWorkspaceBudget,
  type WorkspaceBudget,
} from '@flotilla/domain'
import { resumeRun } from '@flotilla/engine'
import type { ApiDeps } from './context.ts'

export type WorkspaceBudgetSet = WorkspaceBudget & Readonly<{ resumed: string[] }>

/** Of runs that rest: more in one request would take too long, and they can be resumed one by one. */
const RESUMED_AT_MOST = 500

/**
 * Sets the limits of a workspace's month; with `keep` what is left out stays. Runs that rest because of it go on where a limit
 * is raised. Errors: `invalid_input` for a limit below what is spent and held.
 */
export async function changeWorkspaceBudget(
  deps: Pick<ApiDeps, 'db' | 'hints' | 'wake'>,
  input: Readonly<{ workspaceId: number; limits: SetWorkspaceBudget['limits']; keep: boolean }>,
): Promise<Result<WorkspaceBudgetSet>> {
  const { workspaceId } = input
  const changed = await inWorkspace(deps.db, workspaceId, async (tx): Promise<Result<readonly string[]>> => {
    const { set, before, after } = await setWorkspaceBudget(tx, input)
    if (!set.ok && set.why === 'spent') return tooLow(set.stop)
    return accepted(raisesLimits(before, after) ? await listPausedByMonth(tx, workspaceId, RESUMED_AT_MOST) : [])
  })
  if (!changed.ok) return changed
  const resumed: string[] = []
  for (const runId of changed.value) if ((await resumeRun(deps, { workspaceId, runId })).ok) resumed.push(runId)
  const budget = await inWorkspace(deps.db, workspaceId, (tx) => readWorkspaceBudget(tx, workspaceId))
  return accepted({ ...budget, resumed })
}

function tooLow({ dimension, limit, settled, reserved }: BudgetStop): Rejection {
  const text = (amount: number): string => amountText(dimension, amount)
  const least = amountText(dimension, exact(settled + reserved), 'up')
  const message = `a limit of ${text(limit)} is below what this month has spent (${amountText(dimension, settled, 'up')}) and holds for calls under way (${text(reserved)}): expected at least ${least}, which lets nothing more begin, or null for no limit`
  return rejected('invalid_input', message, [{ path: `/limits/${dimension}`, message }])
}
