import { Pool } from 'pg'
import type { ShapeName } from '../../options.ts'
import { SHAPE_TASKS } from '../../shapes.ts'
import { serveRuns } from '../in-process/serve-runs.ts'
import { graphOf } from './graph.ts'
import { CHECKPOINT_SDK, POOL, SDK, type CheckpointSdk, type LangGraphSdk } from './sdk.ts'

/** Runs LangGraph's graphs: `node worker.ts DATABASE_URL SHAPE CONCURRENCY`. */
const [connectionString = '', shape = '', concurrency = ''] = process.argv.slice(2)
const langGraph = (await import(SDK)) as LangGraphSdk
const { PostgresSaver } = (await import(CHECKPOINT_SDK)) as CheckpointSdk
const tasks = SHAPE_TASKS[shape as ShapeName]
const last = tasks.at(-1)?.key ?? ''
const RECURSION_LIMIT = 50

const checkpointer = new PostgresSaver(new Pool({ connectionString, max: POOL }))
await checkpointer.setup()
const graph = graphOf(langGraph, tasks).compile({ checkpointer })
serveRuns(Number(concurrency), async (id) => {
  const { values } = await graph.invoke(
    { values: {} },
    // Each superstep's checkpoint is committed before the next one begins.
    { configurable: { thread_id: id }, durability: 'sync', recursionLimit: RECURSION_LIMIT },
  )
  return values[last] ?? Number.NaN
})
