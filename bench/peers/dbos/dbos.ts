import path from 'node:path'
import type { Connection } from '../../services/postgres.ts'
import { startInProcess, type InProcess } from '../in-process/subject.ts'
import type { Peer } from '../peer.ts'
import { SDK } from './sdk.ts'

const inProcess: InProcess = {
  name: 'DBOS',
  program: path.join(import.meta.dirname, 'worker.ts'),
  check: checkRecord,
}

/** A workflow for each run, with a durable step for each task. */
export const dbos: Peer = {
  name: 'dbos',
  what: 'DBOS',
  store: 'postgres',
  packages: [SDK],
  start: (scope, settings) => startInProcess(scope, settings, inProcess),
}

async function checkRecord(db: Connection, expected: Readonly<{ runs: number; tasks: number }>): Promise<void> {
  const { rows } = await db.query<{ runs: number; tasks: number }>(`
    select (select count(*) from dbos.workflow_status where status = 'SUCCESS')::int as runs,
      (select count(*) from dbos.operation_outputs)::int as tasks`)
  const { runs, tasks } = rows[0] ?? { runs: 0, tasks: 0 }
  if (runs !== expected.runs || tasks !== expected.tasks)
    throw new Error(
      `DBOS holds ${runs} successful workflows and ${tasks} steps; expected ${expected.runs} and ${expected.tasks}`,
    )
}
