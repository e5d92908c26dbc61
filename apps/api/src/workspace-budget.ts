import {
  inWorkspace,
  listPausedByMonth,
  readStandingStop,
  readWorkspaceBudget,
  setWorkspaceBudget,
  type Tx,
} from '@flotilla/db'
import {
  leastLimit,
  raisesLimits,
  type BudgetDimension,
  type RestingRuns,
  type SetWorkspaceBudget,
  type WorkspaceBudget,
} from '@flotilla/domain'
import { resumeRun } from '@flotilla/engine'
import type { ApiDeps } from './context.ts'

export type WorkspaceBudgetSet = WorkspaceBudget & Readonly<{ resumed: string[]; resting: RestingRuns }>

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
  for (const { uid: runId } of resting) if ((await resumeRun(deps, { workspaceId, runId })).ok) resumed.push(runId)
  return inWorkspace(deps.db, workspaceId, async (tx) => ({
    ...(await readWorkspaceBudget(tx, workspaceId)),
    resumed,
    resting: await readResting(tx, workspaceId),
  }))
}

async function readResting(tx: Tx, workspaceId: number): Promise<RestingRuns> {
  const runs = await listPausedByMonth(tx, workspaceId, RESUMED_AT_MOST)
  const least = new Map<BudgetDimension, number>()
  for (const { id } of runs) {
    const stop = await readStandingStop(tx, id)
    if (stop !== null) least.set(stop.dimension, Math.min(least.get(stop.dimension) ?? Infinity, leastLimit(stop)))
  }
  return { runs: runs.length, needs: [...least].map(([dimension, needed]) => ({ dimension, least: needed })) }
}
