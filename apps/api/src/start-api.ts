import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { loadTools, toolViews } from '@flotilla/agents'
import { checkMigratedDatabase, createDb, createPool, inWorkspace, readRoles, type Db } from '@flotilla/db'
import { ConfigurationError, type ToolView } from '@flotilla/domain'
import { createSubmissions } from '@flotilla/engine'
import {
  SYSTEM_QUEUES,
  agentQueue,
  boardReader,
  checkQueueStore,
  createProducer,
  openBackend,
  openHints,
  type Backend,
  type BoardReader,
} from '@flotilla/queue'
import { createModelLabel } from '@flotilla/llm'
import { openStoreLogs, systemClock, type Log } from '@flotilla/runtime'
import { createApp } from './app.ts'
import { isLoopbackName } from './browser-guard.ts'
import { ROOT, type Config } from './config.ts'
import { createApiMetrics } from './metrics/api-metrics.ts'
import { createFleetReads } from './metrics/fleet-reads.ts'
import { analysisDeps, openModels } from './models.ts'
import { serve } from './server.ts'
import { createEventFeeds } from './streams/event-feeds.ts'
import { appFiles } from './web/app-files.ts'

export type RunningApi = Readonly<{ url: string; stop(drainMs: number): Promise<void> }>

const DEFAULT_WORKSPACE = 1
const WEB_APP = path.join(ROOT, 'apps/web/dist')

/** Refuses a database, a Redis, models or an address that it cannot work with, then serves. */
export async function startApi(config: Config, plainLog: Log): Promise<RunningApi> {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = config
  const models = openModels(config)
  const tools = await readTools(config)
  await checkMigratedDatabase(databaseUrl)
  for (const warning of await checkQueueStore({ redisUrl, databaseUrl })) plainLog.warn(warning)
  const { pool, db, operatorPool, backend, producer, hints, log, close } = openConnections(config, plainLog)
  await hints.start()
  const feeds = createEventFeeds({
    db,
    hints,
    onError: (error) => log.warn({ err: error }, 'reading new events of a run failed; it is tried again'),
  })
  const fleet = createFleetReads(createDb(operatorPool), Date.now)
  const metrics = createApiMetrics({
    fleet,
    modelLabel: createModelLabel(models),
    sseReaders: feeds.readers,
    pools: [pool, operatorPool],
    log,
  })
  const app = createApp(
    {
      db,
      submissions: createSubmissions(db),
      fleet,
      metrics,
      clock: systemClock,
      random: randomBytes,
      wake: { plan: producer.wakePlan, finish: producer.wakeFinish, tasks: producer.wakeTasks },
      hints,
      feeds,
      models: analysisDeps(models, { pool, clock: systemClock }),
      tools,
      checks: { queue: backend.ping },
      board: boardReaders(db, backend),
      log,
    },
    { boundToLoopback: isLoopbackName(config.FLOTILLA_HOST), webApp: appFiles(WEB_APP) },
  )
  const release = async (): Promise<void> => {
    feeds.close()
    metrics.close()
    await close()
  }
  const server = await serve(app, { host: config.FLOTILLA_HOST, port: config.FLOTILLA_PORT }, log).catch(
    async (error: unknown) => {
      await release()
      throw error
    },
  )
  return {
    url: server.url,
    stop: async (drainMs) => {
      // Streams end first: they would hold the server open for as long as their runs last.
      feeds.close()
      await server.close(drainMs)
      await release()
    },
  }
}

/** Everything that the process keeps open, and a log that tells an outage of it as one. */
function openConnections(config: Config, plainLog: Log) {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = config
  const askRedis = redisUrl === undefined ? null : () => backend.ping()
  const logs = openStoreLogs({ log: plainLog, databaseUrl, askRedis })
  const { log, queueLog } = logs
  const onDatabaseError = (error: unknown): void => log.warn({ err: error }, 'a connection to the database broke')
  const onError = (error: unknown): void => queueLog.warn({ err: error }, 'a connection to the queue broke')
  const max = config.FLOTILLA_DB_POOL
  const base = { url: databaseUrl, applicationName: 'flotilla-api', onError: onDatabaseError }
  const pool = createPool({ ...base, role: 'app', max })
  // What is told of the whole fleet is of no workspace: requests of users never come to it.
  const operatorPool = createPool({ ...base, role: 'engine', max: 1 })
  const db = createDb(pool)
  const backend = openBackend({ redisUrl, databaseUrl, prefix: config.FLOTILLA_QUEUE_PREFIX, poolSize: 4, onError })
  const producer = createProducer(backend, (what, error) =>
    queueLog.warn({ err: error, what }, 'a wake-up was lost; the reconciler sends it again'),
  )
  const hints = openHints(backend, databaseUrl, onError)
  const close = async (): Promise<void> => {
    await Promise.allSettled([producer.close(), hints.close()])
    await Promise.allSettled([backend.close(), pool.end(), operatorPool.end()])
    logs.close()
  }
  return { pool, db, operatorPool, backend, producer, hints, log, close }
}

/** The workers run them; here plans and agents are held against their names. */
async function readTools(config: Config): Promise<ToolView[]> {
  const loaded = await loadTools(config.FLOTILLA_TOOLS, ROOT)
  if (!loaded.ok)
    throw new ConfigurationError(loaded.problems.map((problem) => `FLOTILLA_TOOLS: ${problem}`).join('\n'))
  return toolViews(loaded.tools)
}

/** One reader a queue, kept, of the queues that there are by now. */
function boardReaders(db: Db, backend: Backend): () => Promise<readonly BoardReader[]> {
  const readers = new Map<string, BoardReader>()
  const readerOf = (queue: string): BoardReader => {
    const reader = readers.get(queue) ?? boardReader(backend, queue)
    readers.set(queue, reader)
    return reader
  }
  return async () => {
    const roles = await inWorkspace(db, DEFAULT_WORKSPACE, (tx) => readRoles(tx))
    return [...SYSTEM_QUEUES, ...roles.map(agentQueue)].map(readerOf)
  }
}
