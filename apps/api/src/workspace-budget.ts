import { inWorkspace, listPausedByMonth, readWorkspaceBudget, setWorkspaceBudget } from '@flotilla/db'
import { raisesLimits, type SetWorkspaceBudget, type WorkspaceBudget } from '@flotilla/domain'
import { resumeRun } from '@flotilla/engine'
import type { ApiDeps } from './context.ts'

export type WorkspaceBudgetSet = WorkspaceBudget & Readonly<{ resumed: string[] }>

/** Of runs that rest: more in one request would take too long, and they can be resumed one by one. */
const RESUMED_AT_MOST = 500

/**
 * Sets the limits of a workspace's month; with `keep` what is left out stays. Runs that rest because of it go on where a limit
 * is raised. One below what is spent and held stops what has not begun.
 */
export async function changeWorkspaceBudget(
  deps: Pick<ApiDeps, 'db' | 'hints' | 'wake'>,
  input: Readonly<{ workspaceId: number; limits: SetWorkspaceBudget['limits']; keep: boolean }>,
): Promise<WorkspaceBudgetSet> {
  const { workspaceId } = input
  const resting = await inWorkspace(deps.db, workspaceId, async (tx) => {
    const { before, after } = await setWorkspaceBudget(tx, input)
    return raisesLimits(before, after) ? listPausedByMonth(tx, workspaceId, RESUMED_AT_MOST) : []
  })
  const resumed: string[] = []
  for (const runId of resting) if ((await resumeRun(deps, { workspaceId, runId })).ok) resumed.push(runId)
  const budget = await inWorkspace(deps.db, workspaceId, (tx) => readWorkspaceBudget(tx, workspaceId))
  return { ...budget, resumed }
}
