import path from 'node:path'
import type { Connection } from '../../services/postgres.ts'
import { startInProcess, type InProcess } from '../in-process/subject.ts'
import { levelsOf } from '../levels.ts'
import { SHAPE_TASKS } from '../../shapes.ts'
import type { Peer } from '../peer.ts'
import { CHECKPOINT_SDK, SDK } from './sdk.ts'

const program = path.join(import.meta.dirname, 'worker.ts')

/** A thread for each run, with a checkpoint of its state in Postgres after each level. */
export const langGraph: Peer = {
  name: 'langgraph',
  what: 'LangGraph',
  store: 'postgres',
  packages: [SDK, CHECKPOINT_SDK],
  start: (scope, settings) => {
    // Of what a run begins with, after its start, and after each level. The start writes, too, as each task does.
    const each = levelsOf(SHAPE_TASKS[settings.shape]).length + 2
    const check: InProcess['check'] = (db, { runs, tasks }) =>
      checkRecord(db, { runs, writes: tasks + runs, checkpoints: runs * each })
    return startInProcess(scope, settings, { name: 'LangGraph', program, check })
  },
}

type Counts = Readonly<{ runs: number; writes: number; checkpoints: number }>

async function checkRecord(db: Connection, expected: Counts): Promise<void> {
  const { rows } = await db.query<Counts>(`
    select (select count(distinct thread_id) from checkpoints)::int as runs,
      (select count(*) from checkpoint_writes where channel = 'values')::int as writes,
      (select count(*) from checkpoints)::int as checkpoints`)
  const found = JSON.stringify(rows[0])
  if (found !== JSON.stringify(expected))
    throw new Error(`LangGraph's record holds ${found}; expected ${JSON.stringify(expected)}`)
}
