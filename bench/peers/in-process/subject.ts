import { openRuns } from '../../runs.ts'
import { temporaryFolder, type Scope } from '../../scope.ts'
import { startProcess } from '../../services/process.ts'
import type { Connection } from '../../services/postgres.ts'
import { startStores } from '../../services/stores.ts'
import { SHAPE_TASKS, expectedValue } from '../../shapes.ts'
import type { PeerSettings, PeerSubject } from '../peer.ts'
import type { Submission } from './serve-runs.ts'

export type InProcess = Readonly<{
  name: string
  /** The worker's program; its arguments are the database's URL, the shape and the concurrency. */
  program: string
  check: (db: Connection, expected: Readonly<{ runs: number; tasks: number }>) => Promise<void>
}>

/**
 * An engine that is a library on Postgres: the worker process starts the runs that this process sends it, and tells when each
 * has ended. No queue lies between the two, which is such an engine's best case.
 */
export async function startInProcess(
  scope: Scope,
  { shape, concurrency }: PeerSettings,
  { name, program, check }: InProcess,
): Promise<PeerSubject> {
  const { databaseUrl, postgres, db } = await startStores(scope, 'embedded')
  const tasks = SHAPE_TASKS[shape]
  const runs = openRuns(`the worker of ${name}`, expectedValue(tasks))
  const worker = await startProcess(scope, {
    name: `${name}-worker`,
    command: process.execPath,
    args: [program, databaseUrl, shape, String(concurrency)],
    env: { PATH: process.env['PATH'] },
    folder: await temporaryFolder(scope),
    onMessage: (message) => runs.hear(message),
  })
  await Promise.race([runs.ready, worker.ended])
  const runMany = async (count: number): Promise<number> => {
    const begun = performance.now()
    const submission: Submission = { runs: Array.from({ length: count }, () => runs.begin()) }
    worker.send(submission)
    await Promise.race([runs.ended(), worker.ended])
    return performance.now() - begun
  }
  return {
    pid: worker.pid,
    watched: { worker: worker.pid, postgres: postgres.pid, db },
    runMany,
    // Its end is known by being heard of.
    async runOne() {
      const ms = await runMany(1)
      return { endedMs: ms, heardMs: ms }
    },
    check: () => check(db, { runs: runs.count(), tasks: runs.count() * tasks.length }),
  }
}
