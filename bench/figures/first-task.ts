import type { CreateRunInput } from '@flotilla/domain'
import { ROLE, runToEnd } from '../flotilla/load.ts'
import { databaseClock, eventMs } from '../flotilla/record.ts'
import { startFlotilla, watchedOf, type Flotilla } from '../flotilla/system.ts'
import { disturbance, takeSample } from '../machine/load.ts'
import type { Backend } from '../options.ts'
import { percentile } from '../report/statistics.ts'
import type { Measurement } from '../report/table.ts'
import { openScope } from '../scope.ts'
import type { Connection } from '../services/postgres.ts'
import { startStores } from '../services/stores.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const WARM_UPS = 5
const RUNS = 30
/** A plan comes only from a model that can plan; this one works offline. What runs after the first task plays no part. */
const MODEL = 'offline'

const REQUESTS: Readonly<Record<string, CreateRunInput>> = {
  'a plan of one task': {
    goal: 'Measure how soon a task starts',
    plan: { tasks: [{ key: 'only', role: ROLE }] },
  },
  'a goal alone': { goal: 'Compare two ways to keep tomatoes through the winter' },
}

export const firstTask: Figure = {
  title: 'First task: from POST /v1/runs to the first task.started, one run at a time',
  subject: ['request', 'queue'],
  columns: [
    { key: 'p50', title: 'p50 ms' },
    { key: 'p95', title: 'p95 ms' },
    { key: 'answer', title: 'until the 202, p50 ms' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureFirstTask,
}

async function* measureFirstTask(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, backends } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const backend of backends) {
      bench.say(`first task on ${backend}, repetition ${rep} of ${reps}`)
      yield* await measureOn(bench, backend)
    }
}

async function measureOn({ shutdown, settings }: Bench, backend: Backend): Promise<Measurement[]> {
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, backend)
  const system = await startFlotilla(scope, { ...stores, model: MODEL, settings, profile: null })
  const measurements: Measurement[] = []
  for (const [name, request] of Object.entries(REQUESTS)) {
    const before = await takeSample(watchedOf(stores, system))
    const times = await startTimes(system, stores.db, request)
    const disturbed = disturbance(before, await takeSample(watchedOf(stores, system)))
    measurements.push({ subject: [name, backend], values: { ...times, ...disturbed } })
  }
  return measurements
}

async function startTimes({ client }: Flotilla, db: Connection, request: CreateRunInput) {
  for (let i = 0; i < WARM_UPS; i += 1) await runToEnd(client, request)
  const now = await databaseClock(db)
  const starts: number[] = []
  const answers: number[] = []
  for (let i = 0; i < RUNS; i += 1) {
    const sent = now()
    const { id } = await client.runs.create(request)
    answers.push(now() - sent)
    for await (const event of client.runs.follow(id))
      if (event.type === 'run.failed') throw new Error(`run ${id} failed`)
    starts.push((await eventMs(db, id, 'task.started')) - sent)
  }
  return { p50: percentile(starts, 50), p95: percentile(starts, 95), answer: percentile(answers, 50) }
}
