import type { Client } from '@flotilla/client'
import { startLoad } from '../api/start-load.ts'
import { fillRecord } from '../growth/fill.ts'
import { layeredTasks } from '../growth/layers.ts'
import { runOf, runToEnd } from '../flotilla/load.ts'
import { lastEndMs, untilSettled } from '../flotilla/record.ts'
import { startFlotilla, watchedOf, type Flotilla } from '../flotilla/system.ts'
import { disturbance, takeSample } from '../machine/load.ts'
import { cpuMsOf } from '../machine/process-figures.ts'
import type { Backend } from '../options.ts'
import { percentile } from '../report/statistics.ts'
import type { Measurement } from '../report/table.ts'
import { openScope, type Scope } from '../scope.ts'
import { until } from '../until.ts'
import { startStores, type Stores } from '../services/stores.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const MODEL = 'noop:noop'
const CONNECTIONS = 24
const BUSY_RUNS = 50
const BUSY_TASKS = 120
const RUNS_LISTED = 60_000
const PAGE = 50
const LAST_PAGE = 1_000
const PAGES_MEASURED = 50

export const api: Figure = {
  title: 'API: runs submitted while workers run, readers of busy runs, pages of a long list',
  subject: ['queue', 'what'],
  columns: [
    { key: 'rate', title: 'requests/s' },
    { key: 'p50', title: 'p50 ms' },
    { key: 'p95', title: 'p95 ms' },
    { key: 'p99', title: 'p99 ms' },
    { key: 'tasks/s', title: 'tasks/s' },
    { key: 'events', title: 'events' },
    { key: 'cpu', title: 'API CPU ms each' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureApi,
}

async function* measureApi(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, backends } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const backend of backends) {
      bench.say(`the API on ${backend}, repetition ${rep} of ${reps}`)
      yield await measureSubmits(bench, backend)
      yield* await measureReaders(bench, backend)
      yield* await measurePages(bench, backend)
    }
}

type Started = Readonly<{ stores: Stores; system: Flotilla; url: string }>

async function start(scope: Scope, { settings, options }: Bench, backend: Backend): Promise<Started> {
  const stores = await startStores(scope, backend)
  const launch = { ...stores, model: MODEL, work: 'no-op', settings, profile: options.profile } as const
  const system = await startFlotilla(scope, launch)
  return { stores, system, url: system.url }
}

const timesOf = (times: readonly number[]): Record<'p50' | 'p95' | 'p99', number> => ({
  p50: percentile(times, 50),
  p95: percentile(times, 95),
  p99: percentile(times, 99),
})

/** As many at once as there are connections, each with a plan of one task that a worker takes up at once. */
async function measureSubmits(bench: Bench, backend: Backend): Promise<Measurement> {
  await using scope = openScope(bench.shutdown)
  const { stores, system, url } = await start(scope, bench, backend)
  const body = JSON.stringify(runOf([{ key: 'only', dependsOn: [] }]))
  const order = { kind: 'submit', url, body, connections: CONNECTIONS } as const
  await (
    await startLoad(scope, { ...order, seconds: 2 })
  ).done
  await untilSettled(scope, stores.db)
  const load = await startLoad(scope, { ...order, seconds: bench.options.seconds })
  const watched = { ...watchedOf(stores, system), load: load.pid }
  const [before, cpuBefore] = [await takeSample(watched), cpuMsOf(system.api.pid)]
  const { times, seconds } = await Promise.race([load.done, system.api.ended, system.worker.ended])
  const cpu = (cpuMsOf(system.api.pid) - cpuBefore) / times.length
  const disturbed = disturbance(before, await takeSample(watched))
  return {
    subject: [backend, `POST /v1/runs, ${CONNECTIONS} at once`],
    values: { rate: times.length / seconds, ...timesOf(times), cpu, ...disturbed },
  }
}

/** The same runs without readers and with them. */
async function measureReaders(bench: Bench, backend: Backend): Promise<Measurement[]> {
  await using scope = openScope(bench.shutdown)
  const started = await start(scope, bench, backend)
  await busyRuns(scope, started, 0)
  const alone = await busyRuns(scope, started, 0)
  const read = await busyRuns(scope, started, bench.options.readers)
  return [
    { subject: [backend, 'busy runs, no reader'], values: alone },
    { subject: [backend, `busy runs, ${bench.options.readers} readers`], values: read },
  ]
}

async function busyRuns(
  scope: Scope,
  { stores, system, url }: Started,
  readers: number,
): Promise<Record<string, number>> {
  const run = { ...runOf(layeredTasks(BUSY_TASKS)), start: false }
  const ids: string[] = []
  for (let i = 0; i < BUSY_RUNS; i += 1) ids.push((await system.client.runs.create(run)).id)
  await untilPlanned(scope, system.client, ids)
  const load = readers === 0 ? null : await startLoad(scope, { kind: 'read', url, runIds: ids, readers })
  await Promise.race([load?.open, system.api.ended])
  const watched = { ...watchedOf(stores, system), ...(load && { load: load.pid }) }
  const before = await takeSample(watched)
  const begun = Date.now()
  for (const id of ids) await system.client.runs.start(id)
  await Promise.race([untilSettled(scope, stores.db), system.api.ended, system.worker.ended])
  const disturbed = disturbance(before, await takeSample(watched))
  const rate = (BUSY_RUNS * BUSY_TASKS * 1000) / ((await lastEndMs(stores.db)) - begun)
  const heard = load === null ? {} : await load.done.then(({ times }) => ({ ...timesOf(times), events: times.length }))
  return { 'tasks/s': rate, ...heard, ...disturbed }
}

/** What waits for its start has readers before it has anything to tell. */
async function untilPlanned(scope: Scope, client: Client, ids: readonly string[]): Promise<void> {
  for (const id of ids)
    await until(async () => (await client.runs.get(id)).status === 'awaiting_approval', {
      what: `run ${id} awaits its start`,
      signal: scope.signal,
    })
}

async function measurePages(bench: Bench, backend: Backend): Promise<Measurement[]> {
  await using scope = openScope(bench.shutdown)
  const { stores, system } = await start(scope, bench, backend)
  const sample = await runToEnd(system.client, runOf([{ key: 'only', dependsOn: [] }]))
  await untilSettled(scope, stores.db)
  await fillRecord(stores.db, sample, RUNS_LISTED)
  await walkPages(system.client)
  const times = await walkPages(system.client)
  const named = (name: string, part: readonly number[]): Measurement => ({
    subject: [backend, name],
    values: timesOf(part),
  })
  return [
    named(`pages 1 to ${PAGES_MEASURED} of ${PAGE} runs`, times.slice(0, PAGES_MEASURED)),
    named(`pages to ${LAST_PAGE.toLocaleString('en')}`, times.slice(LAST_PAGE - PAGES_MEASURED)),
  ]
}

/** Ms of each page, in their order. */
async function walkPages(client: Client): Promise<number[]> {
  const times: number[] = []
  let cursor: string | null = null
  for (let page = 1; page <= LAST_PAGE; page += 1) {
    const asked = performance.now()
    const { nextCursor }: { nextCursor: string | null } = await client.runs.list({
      limit: PAGE,
      ...(cursor !== null && { cursor }),
    })
    times.push(performance.now() - asked)
    cursor = nextCursor
  }
  return times
}
