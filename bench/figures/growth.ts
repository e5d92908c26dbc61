import { fillRecord } from '../growth/fill.ts'
import { edgesOf, layeredTasks } from '../growth/layers.ts'
import { requestTimes } from '../growth/requests.ts'
import { COUNTING, countStatements } from '../growth/statements.ts'
import { runOf, runToEnd } from '../flotilla/load.ts'
import { checkRecord, eventMs, untilSettled } from '../flotilla/record.ts'
import { openFlotilla, type FlotillaSubject } from '../flotilla/subject.ts'
import { startFlotilla, watchedOf, type Flotilla } from '../flotilla/system.ts'
import type { Backend } from '../options.ts'
import type { Measurement } from '../report/table.ts'
import { openScope, type Scope } from '../scope.ts'
import { startStores, type Stores } from '../services/stores.ts'
import { SHAPE_TASKS } from '../shapes.ts'
import { calibrate, measureRate } from '../throughput.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const SHAPE = 'diamond-10'
const MODEL = 'noop:noop'
const PLANS = [1_000, 10_000]
const IDLE_WORKERS = 10
/** From when the fleet is ready until it is counted, so that what it does once is over. */
const SETTLE_SECONDS = 20

export const growth: Figure = {
  title: 'Growth: what a long history, a large plan and an idle fleet cost',
  subject: ['queue', 'what'],
  columns: [
    { key: 'tasks/s', title: 'tasks/s' },
    { key: 'list', title: 'list p95 ms' },
    { key: 'run', title: 'run p95 ms' },
    { key: 'events', title: 'events p95 ms' },
    { key: 'expand', title: 'expand s' },
    { key: 'close', title: 'run and close s' },
    { key: 'edge', title: 'ms an edge' },
    { key: 'queries', title: 'queries/s' },
    { key: 'transactions', title: 'transactions/s' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureGrowth,
}

async function* measureGrowth(bench: Bench): AsyncGenerator<Measurement> {
  for (const backend of bench.options.backends) {
    yield* measureHistory(bench, backend)
    for (let rep = 1; rep <= bench.options.reps; rep += 1) {
      for (const count of PLANS) yield await measurePlan(bench, backend, count)
      yield await measureIdle(bench, backend)
    }
  }
}

type Grown = Readonly<{ name: string; stores: Stores; system: Flotilla; subject: FlotillaSubject; sample: string }>

/** Both records are there all the time and measured in turn: what disturbs the machine disturbs them alike. */
async function* measureHistory(bench: Bench, backend: Backend): AsyncGenerator<Measurement> {
  const { options, say, shutdown } = bench
  await using scope = openScope(shutdown)
  const records = [
    await startRecord(scope, bench, backend, 0),
    await startRecord(scope, bench, backend, options.history),
  ]
  const [first] = records
  if (first === undefined) return
  const runs = await calibrate(first.subject, SHAPE, options.seconds)
  for (const { subject } of records) await subject.runMany(runs)
  for (let rep = 1; rep <= options.reps; rep += 1)
    for (const { name, stores, system, subject, sample } of records) {
      say(`${name} on ${backend}, repetition ${rep} of ${options.reps}`)
      const load = { runs, tasks: SHAPE_TASKS[SHAPE].length }
      const rate = await measureRate(watchedOf(stores, system), load, (count) => subject.runMany(count))
      yield { subject: [backend, name], values: { ...rate, ...(await requestTimes(system.client, sample)) } }
    }
}

async function startRecord(scope: Scope, bench: Bench, backend: Backend, history: number): Promise<Grown> {
  const { options, settings, say } = bench
  const stores = await startStores(scope, backend)
  const launch = { ...stores, model: MODEL, work: 'no-op', settings, profile: options.profile } as const
  const system = await startFlotilla(scope, launch)
  const sample = await runToEnd(system.client, runOf(SHAPE_TASKS[SHAPE]))
  await untilSettled(scope, stores.db)
  if (history > 0) {
    say(`filling the record with ${history} finished tasks`)
    await fillRecord(stores.db, sample, Math.ceil(history / SHAPE_TASKS[SHAPE].length))
  }
  const subject = await openFlotilla(scope, { ...stores, system, shape: SHAPE, computes: true })
  const name = history === 0 ? 'an empty record' : `${history.toLocaleString('en')} finished tasks`
  return { name, stores, system, subject, sample }
}

async function measurePlan(
  { options, settings, shutdown, say }: Bench,
  backend: Backend,
  count: number,
): Promise<Measurement> {
  say(`a plan of ${count} tasks on ${backend}`)
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, backend)
  const system = await startFlotilla(scope, {
    ...stores,
    model: MODEL,
    work: 'no-op',
    settings,
    profile: options.profile,
  })
  const tasks = layeredTasks(count)
  const { id } = await system.client.runs.create(runOf(tasks))
  await Promise.race([untilSettled(scope, stores.db), system.api.ended, system.worker.ended])
  await checkRecord(stores.db, { runs: 1, tasks: count, value: null })
  const created = await eventMs(stores.db, id, 'run.created')
  const started = await eventMs(stores.db, id, 'run.started')
  const completed = await eventMs(stores.db, id, 'run.completed')
  const [expand, close] = [started - created, completed - started]
  const values = { expand: expand / 1000, close: close / 1000, edge: (expand + close) / edgesOf(tasks) }
  return { subject: [backend, `a plan of ${count.toLocaleString('en')} tasks`], values }
}

async function measureIdle({ options, settings, shutdown, say }: Bench, backend: Backend): Promise<Measurement> {
  say(`${IDLE_WORKERS} idle workers on ${backend}`)
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, backend, COUNTING)
  const system = await startFlotilla(scope, { ...stores, model: MODEL, settings, profile: null, workers: IDLE_WORKERS })
  await runToEnd(system.client, runOf(SHAPE_TASKS[SHAPE]))
  await countStatements(stores.db, SETTLE_SECONDS, scope.signal)
  const before = await transactions(stores)
  const counted = await countStatements(stores.db, options.idleSeconds, scope.signal)
  const after = await transactions(stores)
  for (const { query, calls } of counted.slice(0, 12))
    say(`  ${(calls / options.idleSeconds).toFixed(2)}/s ${query.slice(0, 110)}`)
  const queries = counted.reduce((sum, { calls }) => sum + calls, 0) / options.idleSeconds
  const values = { queries, transactions: (after - before) / options.idleSeconds }
  return { subject: [backend, `${IDLE_WORKERS} idle workers`], values }
}

/** Of this database so far; its processes tell of theirs within a second. */
async function transactions({ db }: Stores): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    'select (xact_commit + xact_rollback)::float8 as n from pg_stat_database where datname = current_database()',
  )
  return rows[0]?.n ?? Number.NaN
}
