import { startBullMq } from '../bullmq/subject.ts'
import { openFlotilla } from '../flotilla/subject.ts'
import { startFlotilla, watchedOf, type Work } from '../flotilla/system.ts'
import type { Watched } from '../machine/load.ts'
import { memoryOf } from '../machine/process-figures.ts'
import type { Backend, ShapeName } from '../options.ts'
import { STATEMENT_SETTINGS, resetStatements, writeStatements } from '../profile.ts'
import { findPeers } from '../peers/catalogue.ts'
import type { Peer, PeerSubject } from '../peers/peer.ts'
import type { Column, Measurement } from '../report/table.ts'
import { openScope, type Scope } from '../scope.ts'
import { startRedis } from '../services/redis.ts'
import { startStores } from '../services/stores.ts'
import { SHAPE_TASKS } from '../shapes.ts'
import { calibrate, measureLatency, measureRate } from '../throughput.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const COLUMNS: readonly Column[] = [
  { key: 'tasks/s', title: 'tasks/s' },
  { key: 'p50', title: 'run p50 ms' },
  { key: 'p95', title: 'run p95 ms' },
  { key: 'heard', title: 'heard p50 ms' },
  { key: 'cpu.total', title: 'CPU ms/task' },
  { key: 'cpu.worker', title: 'worker' },
  { key: 'cpu.api', title: 'api' },
  { key: 'cpu.postgres', title: 'postgres' },
  { key: 'cpu.redis', title: 'redis' },
  { key: 'cpu.server', title: 'server' },
  { key: 'cpu.submitter', title: '(submitter)' },
  { key: 'wal', title: 'WAL B/task' },
  { key: 'rss', title: 'worker peak MB' },
  { key: 'runs', title: 'runs' },
  ...DISTURBANCE_COLUMNS,
]

/** What the default of FLOTILLA_CONCURRENCY is, so that peers get the same. */
const CONCURRENCY = 50
const MODEL = 'noop:noop'
const WORKS: readonly Work[] = ['agent', 'no-op']

export const shapes: Figure = {
  title: 'Shapes: tasks per second and run latency, of agents whose model answers at once and of tasks that do nothing',
  subject: ['shape', 'queue', 'tasks', 'what'],
  columns: COLUMNS,
  measure: measureShapes,
}

/** Repetitions are the outer loop: what disturbs the machine for a while then disturbs everything a little. */
async function* measureShapes(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, backends, peers } = bench.options
  const { installed, missing } = findPeers(peers)
  for (const line of missing) bench.say(line)
  for (let rep = 1; rep <= reps; rep += 1)
    for (const shape of bench.options.shapes) {
      for (const backend of backends) {
        bench.say(`${shape} on ${backend}, repetition ${rep} of ${reps}`)
        for (const work of WORKS) yield* await measureFlotilla(bench, backend, shape, work)
        if (peers.includes('bullmq')) yield await measureBullMq(bench, backend, shape)
      }
      for (const peer of installed) {
        bench.say(`${shape} with ${peer.what}, repetition ${rep} of ${reps}`)
        yield await measurePeer(bench, peer, shape)
      }
    }
}

async function measureFlotilla(bench: Bench, backend: Backend, shape: ShapeName, work: Work): Promise<Measurement[]> {
  const { options, settings, shutdown } = bench
  const { profile } = options
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, backend, profile === null ? {} : STATEMENT_SETTINGS)
  const system = await startFlotilla(scope, { ...stores, model: MODEL, work, settings, profile })
  const subject = await openFlotilla(scope, { ...stores, system, shape, computes: work === 'no-op' })
  const watched = watchedOf(stores, system)
  const tasks = SHAPE_TASKS[shape].length
  const runs = await calibrate(subject, shape, options.seconds)
  const statements = (part: string): Promise<void> | undefined =>
    profile === null
      ? undefined
      : writeStatements(stores.db, profile, `${shape}-${backend}-${work}-${part}`, runs * tasks)

  await (profile === null ? undefined : resetStatements(stores.db))
  const whole = await measureRate(watched, { runs, tasks }, (count) => subject.runMany(count))
  await statements('end-to-end')
  const latency = await measureLatency(subject)
  const peak = memoryOf(system.worker.pid).peakMb

  await subject.prepare(runs)
  await (profile === null ? undefined : resetStatements(stores.db))
  const spine = await measureRate(watched, { runs, tasks }, () => subject.release())
  await statements('spine')
  await subject.check()
  return [
    { subject: [shape, backend, work, 'end to end'], values: { ...whole, ...latency, rss: peak } },
    { subject: [shape, backend, work, 'spine'], values: { ...spine, ...(await subject.taskLatency()) } },
  ]
}

async function measureBullMq(bench: Bench, backend: Backend, shape: ShapeName): Promise<Measurement> {
  await using scope = openScope(bench.shutdown)
  const { url, ...store } = await startQueueStore(scope, backend)
  const subject = await startBullMq(scope, { url, shape, concurrency: CONCURRENCY })
  const values = await measureSubject(bench, shape, { ...subject, watched: { ...store, worker: subject.pid } })
  return { subject: [shape, backend, 'no-op', 'BullMQ alone'], values }
}

async function measurePeer(bench: Bench, { what, store, start }: Peer, shape: ShapeName): Promise<Measurement> {
  await using scope = openScope(bench.shutdown)
  const subject = await start(scope, { shape, concurrency: CONCURRENCY })
  return { subject: [shape, store, 'no-op', what], values: await measureSubject(bench, shape, subject) }
}

async function measureSubject(bench: Bench, shape: ShapeName, subject: PeerSubject): Promise<Measurement['values']> {
  const runs = await calibrate(subject, shape, bench.options.seconds)
  const work = { runs, tasks: SHAPE_TASKS[shape].length }
  const rate = await measureRate(subject.watched, work, (count) => subject.runMany(count))
  const latency = await measureLatency(subject)
  await subject.check()
  return { ...rate, ...latency, rss: memoryOf(subject.pid).peakMb }
}

/** On Redis, BullMQ keeps nothing in Postgres. */
async function startQueueStore(scope: Scope, backend: Backend): Promise<Omit<Watched, 'worker'> & { url: string }> {
  if (backend === 'redis') {
    const redis = await startRedis(scope)
    return { url: redis.url, redis: redis.pid }
  }
  const { databaseUrl, postgres, db } = await startStores(scope, backend)
  return { url: databaseUrl, postgres: postgres.pid, db }
}
