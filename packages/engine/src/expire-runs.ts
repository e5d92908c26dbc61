import { expireRun, type Db, type RunWakeUp } from '@flotilla/db'
import type { Hints } from './hints.ts'

/** Runs that one round ends: each may have 10,000 tasks. */
const MAX_A_ROUND = 20

/** Ends the execution of runs past their deadline, has what runs of them stopped, and wakes their finishing; or has them rest. */
export async function expireRuns(
  deps: Readonly<{ db: Db; hints: Hints; wakeFinish: (run: RunWakeUp) => void }>,
): Promise<{ expired: number }> {
  let expired = 0
  for (; expired < MAX_A_ROUND; expired++) {
    const run = await expireRun(deps.db)
    if (run === null) break
    if (!run.paused) {
      deps.wakeFinish(run)
      deps.hints.publish({ cancelled: run.runId })
    }
    deps.hints.publish({ runId: run.runId })
  }
  return { expired }
}
