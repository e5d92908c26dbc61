import type { ShapeName } from '../../options.ts'
import type { WorkerMessage } from '../../runs.ts'
import { SHAPE_TASKS } from '../../shapes.ts'
import { runLevels } from '../levels.ts'
import { SDK, WORKFLOW, type RestateSdk } from './sdk.ts'

/** Serves the workflow to Restate's server: `node worker.ts PORT`. */
const [port = ''] = process.argv.slice(2)
const { workflow, serve, RestatePromise } = (await import(SDK)) as RestateSdk

const service = workflow({
  name: WORKFLOW,
  handlers: {
    run: (context, { shape }) =>
      runLevels(SHAPE_TASKS[shape as ShapeName], {
        begin: (key, compute) => context.run(key, compute),
        all: (steps: Promise<number>[]) => RestatePromise.all(steps),
      }),
  },
})
const stop = (): void => process.exit(0)
process.on('SIGTERM', stop)
process.on('disconnect', stop)
await serve({ services: [service], port: Number(port) })
const ready: WorkerMessage = { kind: 'ready' }
process.send?.(ready)
