import {
  claimPlanning,
  claimRuns,
  expandRun,
  expandRuns,
  finishRuns,
  isOnePage,
  lineUp,
  readEndedRuns,
  readSelectableAgents,
  readSelectionStats,
  writeEnd,
  type AgentRow,
  type Db,
  type EndedRun,
  type ExpandInput,
  type FinishInput,
  type ParkedLine,
  type PlanningClaim,
  type RunClaim,
  type WrittenEnd,
} from '@flotilla/db'
import type { AgentStats } from '@flotilla/domain'
import { inBatches, loopTurn } from '@flotilla/runtime'
import type pg from 'pg'

/** What planners and finishers ask of the record. What many runs ask at the same time goes together. */
export type RunRecord = Readonly<{
  /** Of the run whose turn it is when this one was asked for; null: nothing to do. */
  claimPlanning: (asked: number) => Promise<PlanningClaim | null>
  agents: (workspaceId: number) => Promise<readonly AgentRow[]>
  stats: (workspaceId: number) => Promise<readonly AgentStats[]>
  expand: (input: ExpandInput) => Promise<boolean>
  /** Tells where tasks are parked. */
  lineUp: (lines: readonly ParkedLine[]) => Promise<void>
  /** Null: not ours to finish. */
  claimFinishing: (runId: number) => Promise<RunClaim | null>
  /** In turns: putting a report together is some milliseconds' work. */
  readEnded: (runId: number) => Promise<EndedRun | null>
  finish: (input: FinishInput) => Promise<boolean>
}>

/** Runs in one statement: enough to share its price, few enough that none waits long for the others. */
const MOST = 16
/** Two flights: one that gets no answer keeps nobody from the other. */
const SOME = { most: MOST, flights: 2 }
/** What stands behind one lock of the record: a second flight would wait there for the first. */
const ONE = { most: MOST, flights: 1 }

export function createRunRecord(deps: Readonly<{ pool: pg.Pool; db: Db; worker: string; leaseMs: number }>): RunRecord {
  const { pool, db, worker, leaseMs } = deps
  const expandPage = inBatches((inputs: readonly ExpandInput[]) => expandRuns(db, inputs), SOME)
  const readEnded = inBatches(async (runIds: readonly number[]) => {
    const ended = await readEndedRuns(db, runIds)
    return runIds.map((runId) => ended.get(runId) ?? null)
  }, SOME)
  const finish = inBatches((ends: readonly WrittenEnd[]) => finishRuns(db, ends), SOME)
  return {
    claimPlanning: inBatches((asked: readonly number[]) => claimPlanning(db, { asked, worker, leaseMs }), ONE),
    agents: inBatches((ids: readonly number[]) => once(ids, (id) => readSelectableAgents(db, id)), SOME),
    stats: inBatches((ids: readonly number[]) => once(ids, (id) => readSelectionStats(db, id)), SOME),
    expand: (input) => (isOnePage(input) ? expandPage(input) : expandRun(db, input)),
    lineUp: inBatches(async (groups: readonly (readonly ParkedLine[])[]) => {
      await lineUp(pool, groups.flat())
      return groups.map(() => undefined)
    }, ONE),
    claimFinishing: inBatches(async (runIds: readonly number[]) => {
      const claims = await claimRuns(db, { runIds, phase: 'finish', worker, leaseMs })
      // Asked for twice, it is the first's.
      return runIds.map((runId, i) => (runIds.indexOf(runId) === i ? (claims.get(runId) ?? null) : null))
    }, SOME),
    readEnded: async (runId) => {
      const ended = await readEnded(runId)
      await loopTurn()
      return ended
    },
    finish: (input) => finish(writeEnd(input)),
  }
}

/** Asks once for each of these that are the same. */
function once<T>(keys: readonly number[], ask: (key: number) => Promise<T>): Promise<T[]> {
  const answers = new Map([...new Set(keys)].map((key) => [key, ask(key)]))
  return Promise.all(keys.map((key) => answers.get(key) as Promise<T>))
}
