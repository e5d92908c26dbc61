import { statsOf } from '@flotilla/agents'
import { learnFromRuns, readLearnedTasks, type Db } from '@flotilla/db'

/** Adds what finished runs' tasks say of their agents to the statistics, each run once; the next selection reads them. */
export async function learnRuns(deps: Readonly<{ db: Db }>, runIds: readonly number[]): Promise<void> {
  const byRun = Map.groupBy(await readLearnedTasks(deps.db, runIds), ({ runId }) => runId)
  const deltas = [...byRun].flatMap(([runId, tasks]) => statsOf(tasks).map((delta) => ({ runId, ...delta })))
  await learnFromRuns(deps.db, runIds, deltas)
}
