import { openFlotilla } from '../flotilla/subject.ts'
import { startFlotilla } from '../flotilla/system.ts'
import { memoryOf } from '../machine/process-figures.ts'
import type { Backend } from '../options.ts'
import type { Measurement } from '../report/table.ts'
import { openScope } from '../scope.ts'
import { startStores } from '../services/stores.ts'
import { calibrate } from '../throughput.ts'
import type { Bench, Figure } from './figure.ts'

const MODEL = 'noop:noop'

export const memory: Figure = {
  title: 'Memory of one worker process, resident, in MB',
  subject: ['queue'],
  columns: [
    { key: 'idle', title: 'ready' },
    { key: 'after', title: 'after the shapes' },
    { key: 'peak', title: 'at its highest' },
    { key: 'api', title: 'the API at its highest' },
  ],
  measure: measureMemory,
}

async function* measureMemory(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, backends } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const backend of backends) {
      bench.say(`memory on ${backend}, repetition ${rep} of ${reps}`)
      yield await measureOn(bench, backend)
    }
}

/** One worker goes through every shape, so that its peak is that of a process with some history. */
async function measureOn({ options, shutdown, settings }: Bench, backend: Backend): Promise<Measurement> {
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, backend)
  const system = await startFlotilla(scope, { ...stores, model: MODEL, settings, profile: null })
  const idle = memoryOf(system.worker.pid).nowMb
  for (const shape of options.shapes) {
    const subject = await openFlotilla(scope, { ...stores, system, shape, computes: false })
    await subject.runMany(await calibrate(subject, shape, options.seconds))
  }
  const { nowMb: after, peakMb: peak } = memoryOf(system.worker.pid)
  return { subject: [backend], values: { idle, after, peak, api: memoryOf(system.api.pid).peakMb } }
}
