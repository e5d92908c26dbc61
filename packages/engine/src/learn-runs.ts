import { statsOf } from '@flotilla/agents'
import { learnFromRuns, readLearnedTasks, type Db } from '@flotilla/db'
import { inBatches } from '@flotilla/runtime'

/** Deliveries, of up to 100 runs each, whose runs are learned from together. */
const MOST = 20

/**
 * Adds what finished runs' tasks say of their agents to the statistics, each run once; the next selection reads them. One
 * batch at a time: all runs of a workspace count on the same few rows.
 */
export const createLearner = (deps: Readonly<{ db: Db }>): ((runIds: readonly number[]) => Promise<void>) =>
  inBatches(
    async (deliveries: readonly (readonly number[])[]) => {
      await learnRuns(deps, deliveries.flat())
      return deliveries.map(() => {})
    },
    { most: MOST, flights: 1 },
  )

async function learnRuns({ db }: Readonly<{ db: Db }>, runIds: readonly number[]): Promise<void> {
  const byRun = Map.groupBy(await readLearnedTasks(db, runIds), ({ runId }) => runId)
  const deltas = [...byRun].flatMap(([runId, tasks]) => statsOf(tasks).map((delta) => ({ runId, ...delta })))
  await learnFromRuns(db, runIds, deltas)
}
