import path from 'node:path'
import { freePort } from '@flotilla/runtime'
import { openRuns } from '../../runs.ts'
import { temporaryFolder, type Scope } from '../../scope.ts'
import { startProcess } from '../../services/process.ts'
import { SHAPE_TASKS, expectedValue } from '../../shapes.ts'
import type { Peer, PeerSettings, PeerSubject } from '../peer.ts'
import { SDK, SERVER, WORKFLOW } from './sdk.ts'
import { post, startServer } from './server.ts'

const WORKER = path.join(import.meta.dirname, 'worker.ts')

/** A workflow for each run with a journaled step for each task: its server, a worker, and this process, which submits. */
export const restate: Peer = {
  name: 'restate',
  what: 'Restate',
  store: 'its own',
  packages: [SDK, SERVER],
  start: startRestate,
}

async function startRestate(scope: Scope, { shape, concurrency }: PeerSettings): Promise<PeerSubject> {
  const server = await startServer(scope)
  const runs = openRuns("Restate's worker", expectedValue(SHAPE_TASKS[shape]))
  const port = await freePort()
  const worker = await startProcess(scope, {
    name: 'restate-worker',
    command: process.execPath,
    args: [WORKER, String(port)],
    env: { PATH: process.env['PATH'], RESTATE_LOGGING: 'ERROR' },
    folder: await temporaryFolder(scope),
    onMessage: (message) => runs.hear(message),
  })
  const ended = Promise.race([server.ended, worker.ended])
  ended.catch(() => {}) // Whoever waits for a run hears of it.
  await Promise.race([runs.ready, ended])
  await post(`${server.admin}/deployments`, { uri: `http://127.0.0.1:${port}` })
  const callWorkflow = async (id: string): Promise<void> =>
    runs.end(id, await post(`${server.ingress}/${WORKFLOW}/${id}/run`, { shape }))
  const runMany = async (count: number): Promise<number> => {
    const begun = performance.now()
    const waiting = Array.from({ length: count }, () => runs.begin())
    const lane = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await callWorkflow(id)
    }
    const lanes = Promise.all(Array.from({ length: Math.min(concurrency, count) }, lane))
    await Promise.race([Promise.all([lanes, runs.ended()]), ended])
    return performance.now() - begun
  }
  return {
    pid: worker.pid,
    watched: { worker: worker.pid, server: server.pid },
    runMany,
    // The answer of the call is how its end is known.
    async runOne() {
      const ms = await runMany(1)
      return { endedMs: ms, heardMs: ms }
    },
    check: () => checkJournal(server.admin, runs.count(), runs.count() * SHAPE_TASKS[shape].length),
  }
}

async function checkJournal(admin: string, runs: number, tasks: number): Promise<void> {
  const count = async (query: string): Promise<number> => {
    const { rows } = (await post(`${admin}/query`, { query })) as { rows: readonly { n: number }[] }
    return Number(rows[0]?.n)
  }
  const ofWorkflow = `i.target_service_name = '${WORKFLOW}' and i.status = 'completed'`
  const completed = await count(`select count(*) as n from sys_invocation i where ${ofWorkflow}`)
  const steps = await count(
    `select count(*) as n from sys_journal j join sys_invocation i on i.id = j.id where ${ofWorkflow} and j.entry_type = 'Command: Run'`,
  )
  if (completed !== runs || steps !== tasks)
    throw new Error(`Restate holds ${completed} completed workflows and ${steps} steps; expected ${runs} and ${tasks}`)
}
