import { submitRuns } from '../flotilla/load.ts'
import { checkRecord, untilSettled } from '../flotilla/record.ts'
import { startFlotilla, watchedOf } from '../flotilla/system.ts'
import { disturbance, takeSample } from '../machine/load.ts'
import { loopDelayMs, metricsUrlOf } from '../machine/metrics.ts'
import { cpuMsOf, memoryOf } from '../machine/process-figures.ts'
import { answerLasting, startModel, type Model } from '../model/start-model.ts'
import { MODEL, modelRef } from '../money/provider.ts'
import type { Backend } from '../options.ts'
import type { Measurement } from '../report/table.ts'
import { openScope, type Scope } from '../scope.ts'
import { startStores } from '../services/stores.ts'
import { until } from '../until.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const TASKS_A_RUN = 100
/** Pieces of an answer a second: providers send some tokens at once. */
const PIECES_A_SECOND = 2

export const inFlight: Figure = {
  title: 'In flight: model calls that one worker process holds at once, streamed to it',
  subject: ['queue', 'calls'],
  columns: [
    { key: 'open', title: 'open at once' },
    { key: 'rampSeconds', title: 'until all open s' },
    { key: 'rss', title: 'worker peak MB' },
    { key: 'ramp.p99', title: 'loop p99 ms, opening' },
    { key: 'hold.p99', title: 'held' },
    { key: 'end.p99', title: 'ending' },
    { key: 'hold.p50', title: 'held p50' },
    { key: 'cpu', title: 'worker CPU ms/call' },
    { key: 'seconds', title: 'in all s' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureInFlight,
}

async function* measureInFlight(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, backends } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const backend of backends) {
      bench.say(`calls in flight on ${backend}, repetition ${rep} of ${reps}`)
      yield await measureOn(bench, backend)
    }
}

async function measureOn({ shutdown, settings, options }: Bench, backend: Backend): Promise<Measurement> {
  const { calls, callSeconds } = options
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, backend)
  const answer = answerLasting({ seconds: callSeconds, pieces: Math.ceil(callSeconds * PIECES_A_SECOND) })
  const model = await startModel(scope, answer)
  const system = await startFlotilla(scope, {
    ...stores,
    model: modelRef(MODEL),
    settings: {
      ...settings,
      ANTHROPIC_API_KEY: 'bench',
      ANTHROPIC_BASE_URL: model.url,
      FLOTILLA_CONCURRENCY: String(calls),
      FLOTILLA_METRICS_PORT: '0',
    },
    profile: options.profile,
  })
  const { worker, client } = system
  const metrics = metricsUrlOf(await worker.output())
  const runs = Math.ceil(calls / TASKS_A_RUN)
  const tasks = Array.from({ length: Math.ceil(calls / runs) }, (_, i) => ({ key: `t${i}`, role: 'writer' }))
  const expected = { runs, tasks: runs * tasks.length, value: null }
  const before = await takeSample({ ...watchedOf(stores, system), model: model.pid })
  const cpuBefore = cpuMsOf(worker.pid)
  const begun = performance.now()
  await loopDelayMs(metrics)
  await submitRuns(client, { goal: 'Hold many calls', plan: { tasks } }, runs)
  await Promise.race([untilHeld(scope, model, expected.tasks), worker.ended, model.ended])
  const rampSeconds = (performance.now() - begun) / 1000
  const ramp = await loopDelayMs(metrics)
  const open = model.calls().open
  await Promise.race([untilEnding(scope, model, open), worker.ended, model.ended])
  const hold = await loopDelayMs(metrics)
  await Promise.race([untilSettled(scope, stores.db), worker.ended])
  const end = await loopDelayMs(metrics)
  const seconds = (performance.now() - begun) / 1000
  const disturbed = disturbance(before, await takeSample({ ...watchedOf(stores, system), model: model.pid }))
  await checkRecord(stores.db, expected)
  return {
    subject: [backend, String(expected.tasks)],
    values: {
      open: model.calls().mostOpen,
      rampSeconds,
      rss: memoryOf(worker.pid).peakMb,
      'ramp.p99': ramp.p99,
      'hold.p99': hold.p99,
      'hold.p50': hold.p50,
      'end.p99': end.p99,
      cpu: (cpuMsOf(worker.pid) - cpuBefore) / expected.tasks,
      seconds,
      ...disturbed,
    },
  }
}

/** Every call has begun: where opening takes longer than a call, some have ended by then. */
const untilHeld = (scope: Scope, model: Model, calls: number): Promise<boolean> =>
  until(async () => model.calls().calls >= calls, {
    what: `${calls} calls are open`,
    signal: scope.signal,
    timeoutMs: 300_000,
  })

const untilEnding = (scope: Scope, model: Model, open: number): Promise<boolean> =>
  until(async () => model.calls().open < open, {
    what: 'the first call ends',
    signal: scope.signal,
    timeoutMs: 600_000,
  })
