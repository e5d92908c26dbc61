import { agentQueue, openBackend } from '@flotilla/queue'
import type { ShapeName } from '../options.ts'
import type { Scope } from '../scope.ts'
import type { Connection } from '../services/postgres.ts'
import { expectedValue, SHAPE_TASKS } from '../shapes.ts'
import { percentile } from '../report/statistics.ts'
import type { Subject } from '../throughput.ts'
import { until } from '../until.ts'
import { ROLE, runOf, runToEnd, submitRuns } from './load.ts'
import { checkRecord, databaseClock, eventMs, lastEndMs, taskSpansMs, untilExpanded, untilSettled } from './record.ts'
import type { Flotilla } from './system.ts'

export interface FlotillaSubject extends Subject {
  /** Prepares this many runs: planned, expanded and woken, with the queue of their tasks held. */
  prepare(count: number): Promise<void>
  /** Lets the prepared runs go; answers the ms until the last has ended. */
  release(): Promise<number>
  /** Of the runs that ran alone: from the moment their tasks were there until the last had settled. */
  taskLatency(): Promise<Record<'p50' | 'p95', number>>
  /** Fails unless the record holds what it must. */
  check(): Promise<void>
}

export type FlotillaSubjectSettings = Readonly<{
  system: Flotilla
  db: Connection
  shape: ShapeName
  databaseUrl: string
  redisUrl: string | undefined
  /** Tasks hand on what they compute, as the no-op ones do. */
  computes: boolean
}>

/** The system as it is used: runs come in through the API, are planned, run, finished and learned from. */
export async function openFlotilla(scope: Scope, settings: FlotillaSubjectSettings): Promise<FlotillaSubject> {
  const { system, db, shape, computes } = settings
  const tasks = SHAPE_TASKS[shape]
  const run = runOf(tasks)
  const now = await databaseClock(db)
  const queue = await openTaskQueue(scope, settings)
  const alone: string[] = []
  let runs = 0
  const submit = async (count: number): Promise<void> => {
    runs += count
    await submitRuns(system.client, run, count)
  }
  const settled = async (since: number): Promise<number> => {
    await Promise.race([untilSettled(scope, db), system.api.ended, system.worker.ended])
    return (await lastEndMs(db)) - since
  }
  return {
    async runMany(count) {
      const since = now()
      await submit(count)
      return settled(since)
    },
    async runOne() {
      runs += 1
      const begun = now()
      const id = await runToEnd(system.client, run)
      const heardMs = now() - begun
      alone.push(id)
      return { endedMs: (await eventMs(db, id, 'run.completed')) - begun, heardMs }
    },
    async prepare(count) {
      await queue.pause()
      await submit(count)
      await untilExpanded(scope, db)
    },
    async release() {
      const since = now()
      await queue.resume()
      return settled(since)
    },
    async taskLatency() {
      const spans = await taskSpansMs(db, alone)
      return { p50: percentile(spans, 50), p95: percentile(spans, 95) }
    },
    check: () => checkRecord(db, { runs, tasks: runs * tasks.length, value: computes ? expectedValue(tasks) : null }),
  }
}

/** The queue that all tasks' wake-ups pass through. Held, it collects them while the planner works. */
async function openTaskQueue(scope: Scope, { redisUrl, databaseUrl }: FlotillaSubjectSettings) {
  const backend = openBackend({ redisUrl, databaseUrl, poolSize: 1, onError: () => {} })
  scope.add('queue backend', () => backend.close())
  const reached = (): Promise<boolean> =>
    backend.ping().then(
      () => true,
      () => false,
    )
  await until(reached, { what: 'the queue is connected', signal: scope.signal, timeoutMs: 10_000 })
  const queue = backend.queue(agentQueue(ROLE))
  scope.add('task queue', () => queue.close())
  return queue
}
