import type { ShapeName } from '../../options.ts'
import { SHAPE_TASKS } from '../../shapes.ts'
import { serveRuns } from '../in-process/serve-runs.ts'
import { runLevels } from '../levels.ts'
import { POOL, SDK, type DbosSdk } from './sdk.ts'

/** Runs DBOS's workflows: `node worker.ts DATABASE_URL SHAPE CONCURRENCY`. */
const [systemDatabaseUrl = '', shape = '', concurrency = ''] = process.argv.slice(2)
const { DBOS } = (await import(SDK)) as DbosSdk
const tasks = SHAPE_TASKS[shape as ShapeName]

const workflow = DBOS.registerWorkflow(
  () =>
    runLevels(tasks, {
      begin: (name, compute) => DBOS.runStep(compute, { name }),
      all: (steps: Promise<number>[]) => Promise.all(steps),
    }),
  { name: 'shape' },
)
DBOS.setConfig({
  name: 'bench',
  systemDatabaseUrl,
  systemDatabasePoolSize: POOL,
  applicationVersion: '1',
  logLevel: 'error',
  runAdminServer: false,
})
await DBOS.launch()
serveRuns(Number(concurrency), async (workflowID) => {
  const handle = await DBOS.startWorkflow(workflow, { workflowID })()
  return handle.getResult()
})
