import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { BUILTIN_AGENTS, loadTools, settingsByPurpose, timeoutsOf, type Tool } from '@flotilla/agents'
import {
  addMissingAgents,
  checkMigratedDatabase,
  connectionProblem,
  createDb,
  createPool,
  expireLeasesOf,
  readParkedRoles,
  readConnectionFacts,
  replaceRoleLimits,
  replaceWorkspaceWeights,
} from '@flotilla/db'
import { ConfigurationError, sortableId } from '@flotilla/domain'
import {
  createAdmissions,
  createCrowdedRoles,
  createLearner,
  createRecordGate,
  createRunRecord,
  createTaskRecords,
  dropForeignWaits,
  finishRun,
  planRun,
  runTask,
  WorkerEngine,
  type RunDeps,
  type WorkerEngineDeps,
  type WorkerRoles,
} from '@flotilla/engine'
import {
  configuredModels,
  countTokens,
  createCircuits,
  createModelLabel,
  createPriceTable,
  DEFAULT_RETRY,
  readLaneLimits,
  resolveChain,
  type ModelRegistry,
  type PriceTable,
} from '@flotilla/llm'
import { checkQueueStore, createProducer, openBackend, openHints } from '@flotilla/queue'
import { openStoreLogs, within, type Log } from '@flotilla/runtime'
import { createCleaner } from './cleaner.ts'
import { retentionOf, ROOT, type Config } from './config.ts'
import { createWorkerMetrics, type WorkerMetrics } from './metrics.ts'
import { openKnowledge } from './open-knowledge.ts'
import { startSelfWatch } from './self-watch.ts'
import { openTracing, type Tracing } from './tracing.ts'
import { VERSION } from './version.ts'

export type RunningWorker = Readonly<{
  name: string
  /** Where probes are answered, and where metrics are, too; null where no port is set. */
  healthPort: number | null
  metricsPort: number | null
  stop(drainMs: number): Promise<void>
}>

const DEFAULT_WORKSPACE = 1
const ENGINE_POOL = 6
const APP_POOL = 4
/** Of the queue, where it is kept in Postgres, beside one for each of its consumers. */
const QUEUE_POOL = 8
/** A connection that does not close by then ends with the process. */
const CLOSE_MS = 2_000

/** What a claimed task is run with, given everything that its process has open. */
export type Execute = (deps: RunDeps) => WorkerEngineDeps['runTask']

const executeByAgent: Execute = (deps) => (task, stop) => runTask(deps, task, stop)

/**
 * Refuses a database or a Redis that it cannot work with, then starts everything that the roles ask for. `onDead` hears that
 * nothing of the queue reaches this process any more. Tasks are run by their agents, unless `execute` says otherwise.
 */
export async function startWorker(
  config: Config,
  plainLog: Log,
  onDead: (reason: string) => void,
  execute: Execute = executeByAgent,
): Promise<RunningWorker> {
  const models = openModels(config)
  const tools = await openTools(config)
  await checkMigratedDatabase(config.DATABASE_URL)
  const warnings = await checkQueueStore({ redisUrl: config.REDIS_URL, databaseUrl: config.DATABASE_URL })
  const name = config.FLOTILLA_WORKER_NAME ?? `${hostname()}-${process.pid}`
  const connections = openConnections(config, name, plainLog)
  const { log } = connections
  const room = connectionProblem(
    await readConnectionFacts(config.DATABASE_URL, name),
    ENGINE_POOL + APP_POOL + (config.REDIS_URL === undefined ? QUEUE_POOL : 0),
  )
  for (const warning of [...warnings, ...(room === null ? [] : [room])]) log.warn(warning)
  await Promise.all([prepareAgents(connections.db, config), loadModels(config, models)])
  if (config.FLOTILLA_WORKER_NAME !== undefined) await expireLeasesOf(connections.db, name)
  const prices = createPriceTable(config.FLOTILLA_PRICES)
  const metrics = openMetrics(
    config,
    createModelLabel({ models, prices, fallbackModels: config.FLOTILLA_FALLBACK_MODELS }),
    connections,
  )
  const tracing = await openTracing({ endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT, worker: name, log })
  const engine = createEngine(config, { name, models, prices, tools, log, metrics, tracing, execute }, connections)
  metrics?.of.watch(engine)
  await engine.start()
  await dropForeignWaits({
    ...connections,
    models,
    fallbackModels: config.FLOTILLA_FALLBACK_MODELS,
    wake: connections.producer.wakeTasks,
  })
  const cleaner = createCleaner({ pool: connections.pool, retention: retentionOf(config), log })
  if (config.FLOTILLA_ROLES.includes('maintenance')) cleaner.start()
  const healthPort = config.FLOTILLA_HEALTH_PORT
  const watch = await startSelfWatch({ ...connections, worker: name, healthPort, metrics, engine, log, onDead })
  const queue = connections.backend.kind
  const { metricsPort } = watch
  const ready = { worker: name, roles: config.FLOTILLA_ROLES, model: models.defaultModel, queue }
  log.info({ ...ready, ...(metricsPort !== null && { metricsPort }) }, 'worker ready')
  return {
    name,
    healthPort: watch.healthPort,
    metricsPort,
    stop: async (drainMs) => {
      const watched = watch.drain()
      await Promise.all([engine.stop(drainMs), cleaner.stop()])
      await within(watched, CLOSE_MS)
      await watch.close()
      metrics?.of.close()
      if (tracing !== null) await within(tracing.close(), CLOSE_MS)
      await within(connections.close(), CLOSE_MS)
      log.info({ worker: name, wakeUps: engine.wakeUps() }, 'worker stopped')
    },
  }
}

type Connections = ReturnType<typeof openConnections>

/** Everything that the process keeps open: one pool for each database role, the queue, hints, and documents. */
function openConnections(config: Config, name: string, plainLog: Log) {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = config
  const askRedis = redisUrl === undefined ? null : () => backend.ping()
  const logs = openStoreLogs({ log: plainLog, databaseUrl, askRedis })
  const { log, queueLog } = logs
  const onError = (error: unknown): void => log.warn({ err: error }, 'a connection to the database broke')
  const onQueueError = (error: unknown): void => queueLog.warn({ err: error }, 'a connection to the queue broke')
  const base = { url: databaseUrl, applicationName: `flotilla-worker ${name}`, onError }
  const pool = createPool({ ...base, role: 'engine', max: ENGINE_POOL })
  const appPool = createPool({ ...base, role: 'app', max: APP_POOL })
  const backend = openBackend({
    redisUrl,
    databaseUrl,
    prefix: config.FLOTILLA_QUEUE_PREFIX,
    onError: onQueueError,
  })
  const producer = createProducer(backend, (what, error) =>
    queueLog.warn({ err: error, what }, 'a wake-up was lost; the reconciler sends it again'),
  )
  const hints = openHints(backend, databaseUrl, onQueueError)
  const knowledge = openKnowledge(createDb(appPool), log)
  const close = async (): Promise<void> => {
    await Promise.allSettled([producer.close(), hints.close(), knowledge.close()])
    await Promise.allSettled([backend.close(), pool.end(), appPool.end()])
    logs.close()
  }
  return { pool, appPool, db: createDb(pool), backend, producer, hints, knowledge, log, close }
}

type Metrics = Readonly<{ port: number; of: WorkerMetrics }>

/** Without a port nobody would read them, and nothing is counted. */
function openMetrics(config: Config, modelLabel: (ref: string) => string, connections: Connections): Metrics | null {
  const { FLOTILLA_METRICS_PORT: port } = config
  const { pool, appPool } = connections
  return port === undefined ? null : { port, of: createWorkerMetrics({ pools: [pool, appPool], modelLabel }) }
}

type Identity = Readonly<{
  name: string
  models: ModelRegistry
  prices: PriceTable
  tools: readonly Tool[]
  log: Log
  metrics: Metrics | null
  tracing: Tracing | null
  execute: Execute
}>

function createEngine(config: Config, identity: Identity, connections: Connections): WorkerEngine {
  const { name, models, prices, tools, log } = identity
  const { backend, producer, ...opened } = connections
  const deps: RunDeps = {
    ...opened,
    models,
    prices,
    unknownPrice: config.FLOTILLA_UNKNOWN_PRICE,
    fallbackModels: config.FLOTILLA_FALLBACK_MODELS,
    gate: createRecordGate({ pool: opened.pool, configOf: readLaneLimits(config.FLOTILLA_RATE_LIMITS) }),
    circuits: createCircuits({ now: Date.now }),
    callRetry: { ...DEFAULT_RETRY, retries: config.FLOTILLA_CALL_RETRIES },
    callTimeouts: timeoutsOf(config.FLOTILLA_CALL_TIMEOUTS),
    callSettings: settingsByPurpose(config.FLOTILLA_CALL_SETTINGS),
    admit: createAdmissions(opened.pool),
    readTask: createTaskRecords(opened.pool),
    log,
    metrics: identity.metrics?.of.engine,
    trace: identity.tracing?.trace,
    worker: name,
    leaseMs: config.FLOTILLA_LEASE_SECONDS * 1_000,
    now: () => new Date(),
    random: Math.random,
    randomBytes,
    countTokens,
    contextTokens: config.FLOTILLA_CONTEXT_TOKENS,
    tools,
    approvalMs: config.FLOTILLA_APPROVAL_HOURS * 3_600_000,
    retryBaseMs: config.FLOTILLA_RETRY_SECONDS * 1_000,
  }
  const crowded = createCrowdedRoles(() => readParkedRoles(opened.pool), performance.now.bind(performance))
  const record = createRunRecord(deps)
  const planning = { ...deps, record, producer, treeMax: config.FLOTILLA_TREE_MAX, queueKind: backend.kind, crowded }
  const roles = workerRoles(config.FLOTILLA_ROLES)
  const learnRuns = createLearner(deps)
  const learn = roles.learner ? (runId: number) => learnRuns([runId]) : producer.wakeLearn
  return new WorkerEngine({
    ...deps,
    version: VERSION,
    roles,
    concurrency: config.FLOTILLA_CONCURRENCY,
    heartbeatMs: config.FLOTILLA_HEARTBEAT_SECONDS * 1_000,
    sweepMs: config.FLOTILLA_SWEEP_SECONDS * 1_000,
    backend,
    producer,
    runTask: identity.execute(deps),
    planRun: (runId, leases) => planRun(planning, runId, leases),
    finishRun: (runId, leases) => finishRun({ ...deps, record, learn }, runId, leases),
    learnRuns,
  })
}

function openModels(config: Config): ModelRegistry {
  const models = configuredModels(config)
  const chain = resolveChain(models, models.defaultModel, config.FLOTILLA_FALLBACK_MODELS)
  const fallbacks = chain.ok ? chain.value.problems.map((problem) => `FLOTILLA_FALLBACK_MODELS: ${problem}`) : []
  readLaneLimits(config.FLOTILLA_RATE_LIMITS)
  const problems = [...models.problems(), ...fallbacks]
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'))
  return models
}

async function openTools(config: Config): Promise<readonly Tool[]> {
  const loaded = await loadTools(config.FLOTILLA_TOOLS, ROOT)
  if (!loaded.ok)
    throw new ConfigurationError(loaded.problems.map((problem) => `FLOTILLA_TOOLS: ${problem}`).join('\n'))
  return loaded.tools
}

async function prepareAgents(db: ReturnType<typeof createDb>, config: Config): Promise<void> {
  const seeds = BUILTIN_AGENTS.map((agent) => ({
    ...agent,
    uid: sortableId('agt', Date.now(), randomBytes(16)),
    origin: 'builtin' as const,
  }))
  await addMissingAgents(db, DEFAULT_WORKSPACE, seeds)
  await replaceRoleLimits(db, config.FLOTILLA_ROLE_LIMITS)
  const [unknown] = await replaceWorkspaceWeights(db, config.FLOTILLA_WORKSPACE_WEIGHTS)
  if (unknown !== undefined)
    throw new ConfigurationError(
      `FLOTILLA_WORKSPACE_WEIGHTS: there is no workspace "${unknown}"; expected names or ids of workspaces, such as default=1: correct it, or leave it out`,
    )
}

async function loadModels(config: Config, models: ModelRegistry): Promise<void> {
  const { planner, agents, verifier } = workerRoles(config.FLOTILLA_ROLES)
  if (planner || verifier || agents !== undefined) await models.load()
}

export function workerRoles(roles: readonly string[]): WorkerRoles {
  const named = roles.filter((role) => role.startsWith('agent:')).map((role) => role.slice('agent:'.length))
  return {
    planner: roles.includes('planner'),
    agents: named.length === 0 ? undefined : named.includes('*') ? null : named,
    verifier: roles.includes('verifier'),
    learner: roles.includes('learner'),
    maintenance: roles.includes('maintenance'),
  }
}
