import os from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { autoscale, scalerOf } from '../fleet/autoscale.ts'
import { ROLE, submitRuns } from '../flotilla/load.ts'
import { checkRecord, databaseClock, lastEndMs, untilSettled } from '../flotilla/record.ts'
import { startFlotilla, watchedOf, type Flotilla } from '../flotilla/system.ts'
import { disturbance, loadPerTask, takeSample } from '../machine/load.ts'
import { startModel, type Model } from '../model/start-model.ts'
import { MODEL, modelRef } from '../money/provider.ts'
import type { Backend } from '../options.ts'
import type { Measurement } from '../report/table.ts'
import { openScope, type Scope } from '../scope.ts'
import { startStores, type Stores } from '../services/stores.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const SIZES = [1, 2, 4, 8]
const CALL_MS = 50
/** Tasks at a time in one worker: few, so that eight workers wait for their model and not for a core. */
const CONCURRENCY = 1
/** In one worker beside them: what a call costs where many settle together. */
const MANY_PLACES = 50
const TASKS_A_RUN = 50
/** How many tasks one place can do in a second at best. */
const PACE = 1000 / CALL_MS
const MOST_WORKERS = 8
const SWAPS = 4

export const fleet: Figure = {
  title: `Fleet: workers with ${CONCURRENCY} place each and a model that answers after ${CALL_MS} ms`,
  subject: ['queue', 'what'],
  columns: [
    { key: 'tasks/s', title: 'tasks/s' },
    { key: 'linear', title: '% of linear' },
    { key: 'cores', title: 'cores used' },
    { key: 'cpu.total', title: 'CPU ms/task' },
    ...['worker', 'api', 'postgres', 'redis', 'model'].map((name) => ({ key: `cpu.${name}`, title: name })),
    { key: 'tasks', title: 'tasks' },
    { key: 'calls', title: 'model calls' },
    { key: 'most', title: 'most workers' },
    { key: 'changes', title: 'times scaled' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureFleet,
}

async function* measureFleet(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, backends } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const backend of backends) {
      let first = Number.NaN
      for (const workers of SIZES) {
        bench.say(`${workers} workers on ${backend}, repetition ${rep} of ${reps}`)
        const values = await measureSize(bench, backend, workers, CONCURRENCY)
        if (workers === 1) first = values['tasks/s'] ?? Number.NaN
        const linear = (100 * (values['tasks/s'] ?? Number.NaN)) / (first * workers)
        yield { subject: [backend, `${workers} workers`], values: { ...values, linear } }
      }
      bench.say(`one worker with ${MANY_PLACES} places on ${backend}`)
      const many = await measureSize(bench, backend, 1, MANY_PLACES)
      yield { subject: [backend, `1 worker, ${MANY_PLACES} places`], values: many }
      bench.say(`workers added and removed under load on ${backend}`)
      yield { subject: [backend, 'workers added and removed'], values: await measureSwaps(bench, backend) }
      bench.say(`workers scaled by the simulated autoscaler on ${backend}`)
      yield { subject: [backend, 'scaled by the autoscaler'], values: await measureScaling(bench, backend) }
    }
}

type Started = Readonly<{ scope: Scope; stores: Stores; model: Model; system: Flotilla }>

async function start(
  scope: Scope,
  { settings }: Bench,
  backend: Backend,
  workers: number,
  places = CONCURRENCY,
): Promise<Started> {
  const stores = await startStores(scope, backend)
  const model = await startModel(scope, { text: 'ok', firstTokenMs: CALL_MS })
  const system = await startFlotilla(scope, {
    ...stores,
    model: modelRef(MODEL),
    settings: {
      ...settings,
      ANTHROPIC_API_KEY: 'bench',
      ANTHROPIC_BASE_URL: model.url,
      FLOTILLA_CONCURRENCY: String(places),
    },
    profile: null,
    workers,
  })
  return { scope, stores, model, system }
}

/** Tasks that wait for nothing, so that there is always one for a free place. Answers how many runs there are. */
async function submit({ system }: Started, tasks: number): Promise<number> {
  const runs = Math.max(2, Math.ceil(tasks / TASKS_A_RUN))
  const plan = { tasks: Array.from({ length: TASKS_A_RUN }, (_, i) => ({ key: `t${i}`, role: ROLE })) }
  await submitRuns(system.client, { goal: 'Measure a fleet', plan }, runs)
  return runs
}

const settled = async ({ scope, stores, system, model }: Started): Promise<void> =>
  void (await Promise.race([untilSettled(scope, stores.db), system.api.ended, model.ended]))

/** Every task done once, and each by one call. */
async function check({ stores, model }: Started, runs: number, handedBack: boolean): Promise<Record<string, number>> {
  const tasks = runs * TASKS_A_RUN
  await checkRecord(stores.db, { runs, tasks, value: null, handedBack })
  // What the model's process has told last may be a moment old.
  await wait(500)
  return { tasks, calls: model.calls().calls }
}

async function measureSize(
  bench: Bench,
  backend: Backend,
  workers: number,
  places: number,
): Promise<Record<string, number>> {
  await using scope = openScope(bench.shutdown)
  const started = await start(scope, bench, backend, workers, places)
  const warm = await submit(started, workers * places * PACE)
  await settled(started)
  const watched = { ...watchedOf(started.stores, started.system), model: started.model.pid }
  const before = await takeSample(watched)
  const now = await databaseClock(started.stores.db)
  const begun = now()
  const runs = await submit(started, workers * places * PACE * bench.options.seconds)
  await settled(started)
  const ms = (await lastEndMs(started.stores.db)) - begun
  const load = loadPerTask(before, await takeSample(watched), runs * TASKS_A_RUN)
  const rate = (runs * TASKS_A_RUN * 1000) / ms
  const done = await check(started, runs + warm, false)
  return { ...load, ...done, 'tasks/s': rate, cores: Math.min(os.cpus().length, (rate * load['cpu.total']) / 1000) }
}

/** Half of the fleet is taken away by SIGTERM and another half started, again and again while there is work. */
async function measureSwaps(bench: Bench, backend: Backend): Promise<Record<string, number>> {
  await using scope = openScope(bench.shutdown)
  const started = await start(scope, bench, backend, MOST_WORKERS / 2)
  const watched = { model: started.model.pid, postgres: started.stores.postgres.pid }
  const before = await takeSample(watched)
  const tasks = (MOST_WORKERS / 2) * CONCURRENCY * PACE * bench.options.seconds * SWAPS
  const runs = await submit(started, tasks)
  const running = [...started.system.workers]
  for (let swap = 0; swap < SWAPS; swap += 1) {
    const added = await Promise.all(Array.from({ length: MOST_WORKERS / 4 }, () => started.system.addWorker()))
    const removed = running.splice(0, MOST_WORKERS / 4)
    running.push(...added)
    await Promise.all(removed.map((worker) => worker.stop()))
  }
  await settled(started)
  const disturbed = disturbance(before, await takeSample(watched))
  return { ...(await check(started, runs, true)), most: MOST_WORKERS, changes: 2 * SWAPS, ...disturbed }
}

/** Two bursts of work with a pause between them, which takes the fleet up to eight workers and down again, twice. */
async function measureScaling(bench: Bench, backend: Backend): Promise<Record<string, number>> {
  await using scope = openScope(bench.shutdown)
  const started = await start(scope, bench, backend, 1)
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, scope.signal])
  const scaling = autoscale(started.system, scalerOf(MOST_WORKERS, 10 * CONCURRENCY), signal)
  scaling.catch(() => {}) // It is heard of where it is waited for.
  let runs = 0
  for (let burst = 0; burst < 2; burst += 1) {
    runs += await submit(started, MOST_WORKERS * CONCURRENCY * PACE * bench.options.seconds)
    await Promise.race([settled(started), scaling])
    // Until the autoscaler has taken away what is left over: its window and two of its periods.
    await wait(5_000, undefined, { signal: scope.signal })
  }
  stop.abort()
  const { most, ups, downs } = await scaling
  return { ...(await check(started, runs, true)), most, changes: ups + downs }
}
