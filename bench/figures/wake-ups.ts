import type { WakeUpCounts } from '@flotilla/engine'
import { openFlotilla } from '../flotilla/subject.ts'
import { startFlotilla, watchedOf } from '../flotilla/system.ts'
import { disturbance, takeSample } from '../machine/load.ts'
import type { Backend, ShapeName } from '../options.ts'
import type { Measurement } from '../report/table.ts'
import { openScope } from '../scope.ts'
import { startStores } from '../services/stores.ts'
import { SHAPE_TASKS } from '../shapes.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const MODEL = 'noop:noop'
/** Submitted at once: some hundred tasks of each shape. */
const RUNS: Readonly<Record<ShapeName, number>> = { 'chain-10': 40, 'diamond-10': 40, 'fan-100': 6 }

/** How a run's tasks are woken: along a flow tree, or those that are ready together. */
type Kind = 'tree' | 'batches'
const KINDS: Readonly<Record<Backend, readonly Kind[]>> = { redis: ['tree', 'batches'], embedded: ['batches'] }

export const wakeUps: Figure = {
  title: 'Wake-ups: how many of those that the queue delivers find nothing to do, without faults',
  subject: ['shape', 'queue', 'woken by'],
  columns: [
    { key: 'tasks', title: 'tasks' },
    { key: 'delivered', title: 'wake-ups of tasks' },
    { key: 'nothing', title: 'found nothing %' },
    { key: 'returned', title: 'found no place %' },
    { key: 'runs', title: 'wake-ups of runs' },
    { key: 'runs.nothing', title: 'found nothing %' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureWakeUps,
}

async function* measureWakeUps(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, shapes, backends } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const shape of shapes)
      for (const backend of backends)
        for (const kind of KINDS[backend]) {
          bench.say(`wake-ups of ${shape} on ${backend} by ${kind}, repetition ${rep} of ${reps}`)
          yield await measureOn(bench, backend, shape, kind)
        }
}

async function measureOn(
  { shutdown, settings }: Bench,
  backend: Backend,
  shape: ShapeName,
  kind: Kind,
): Promise<Measurement> {
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, backend)
  const set = kind === 'batches' ? { ...settings, FLOTILLA_TREE_MAX: '0' } : settings
  const system = await startFlotilla(scope, { ...stores, model: MODEL, settings: set, profile: null })
  const subject = await openFlotilla(scope, { ...stores, system, shape, computes: false })
  const before = await takeSample(watchedOf(stores, system))
  await subject.runMany(RUNS[shape])
  const disturbed = disturbance(before, await takeSample(watchedOf(stores, system)))
  await subject.check()
  await system.worker.stop()
  const { tasks, runs } = countsIn(await system.worker.output())
  return {
    subject: [shape, backend, kind],
    values: {
      tasks: RUNS[shape] * SHAPE_TASKS[shape].length,
      delivered: tasks.delivered,
      nothing: percent(tasks.nothing, tasks.delivered),
      returned: percent(tasks.returned, tasks.delivered),
      runs: runs.delivered,
      'runs.nothing': percent(runs.nothing, runs.delivered),
      ...disturbed,
    },
  }
}

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole)

/** What the worker says last in its log, one JSON document a line. */
function countsIn(log: string): WakeUpCounts {
  const line = log.split('\n').findLast((text) => text.includes('"worker stopped"'))
  if (line === undefined) throw new Error(`the worker has not told of its wake-ups:\n${log.slice(-2_000)}`)
  return (JSON.parse(line) as { wakeUps: WakeUpCounts }).wakeUps
}
