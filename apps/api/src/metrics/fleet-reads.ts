import {
  readBacklogs,
  readFleetFigures,
  readLanes,
  readWorkers,
  readWorkersAtWork,
  transact,
  type Db,
  type FleetFigures,
  type LaneRow,
  type WorkerAtWork,
  type WorkerRow,
} from '@flotilla/db'
import type { Backlog, CountedPool } from '@flotilla/domain'
import { sharedRead } from './shared-read.ts'

/** What goes on in the whole fleet, of all workspaces: the operator's to see. */
export type FleetReads = Readonly<{
  /** A second old at most. */
  backlogs(): Promise<ReadonlyMap<CountedPool, Backlog>>
  /** A few seconds old at most. */
  figures(): Promise<FleetFigures>
  lanes(): Promise<readonly LaneRow[]>
  /** Who has a task in hand; a second old at most. */
  atWork(): Promise<readonly WorkerAtWork[]>
  /** What workers have told of themselves; a second old at most. */
  workers(): Promise<readonly WorkerRow[]>
}>

const BACKLOGS_MS = 1_000
const FIGURES_MS = 5_000

/** `db` acts as the engine, which sees all workspaces. However many ask, a process reads each once in its time. */
export const createFleetReads = (db: Db, now: () => number): FleetReads => ({
  backlogs: sharedRead(() => readBacklogs(db), BACKLOGS_MS, now),
  figures: sharedRead(() => readFleetFigures(db), FIGURES_MS, now),
  lanes: sharedRead(() => transact(db, readLanes), FIGURES_MS, now),
  atWork: sharedRead(() => readWorkersAtWork(db), BACKLOGS_MS, now),
  workers: sharedRead(() => readWorkers(db), BACKLOGS_MS, now),
})
