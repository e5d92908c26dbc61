import { createRedisBackend, runMigrations, withBackend, type FlowProducer, type Queue, type Worker } from 'bullmq'
import { Redis, type RedisOptions } from 'ioredis'
import pg from 'pg'
import { ConfigurationError } from '@flotilla/domain'
import { endUnansweredConnections } from '@flotilla/runtime'
import { lastingPostgresBackend, restingPool } from './postgres-backend.ts'

export type QueueSettings = Readonly<{
  /** Redis when set; else the queue lives in the record's Postgres, in BullMQ's own schema. */
  redisUrl?: string | undefined
  databaseUrl: string
  /** Connections of the Postgres backend beyond one per consumer. */
  poolSize?: number
  /** Namespaces all keys in Redis. */
  prefix?: string
  onError: (error: Error) => void
}>

/** The classes of one backend, bound to one set of connections. BullMQ's types stay inside this package. */
export type Backend = Readonly<{
  kind: 'redis' | 'postgres'
  prefix: string
  /** `keptEvents`: how many of its events are kept, about; BullMQ's 10,000 when left out. */
  queue(name: string, options?: Readonly<{ keptEvents?: number }>): Queue
  flow(): FlowProducer
  worker(
    name: string,
    options: WorkerSettings,
    process: (job: BullJob, token?: string, signal?: AbortSignal) => Promise<null>,
  ): Worker
  /** A Redis connection for pub/sub, or the pool for LISTEN/NOTIFY. */
  redis(): Redis | null
  /** The Redis connection that producers share: it fails soon, and queues nothing while there is no connection. */
  sender: Redis | null
  pool: pg.Pool | null
  ping(): Promise<void>
  close(): Promise<void>
}>

export type BullJob = Readonly<{ id?: string | undefined; name: string; data: unknown; opts?: { priority?: number } }>
export type WorkerSettings = Readonly<{ concurrency: number; lockDurationMs: number; stalledIntervalMs: number }>

export const BULLMQ_SCHEMA = 'bullmq'
const BLOCK_SECONDS = 5
/** Must exceed the longest blocking command; without it a half-open socket hangs a worker for good. */
const SOCKET_TIMEOUT_MS = 15_000
/** The same for Postgres, where the server ends by itself what nobody waits for any more. */
const UNANSWERED_MS = 10_000
const LIMITS = '-c lock_timeout=4000 -c statement_timeout=8000 -c idle_in_transaction_session_timeout=5000'

export const openBackend = (settings: QueueSettings): Backend =>
  settings.redisUrl === undefined ? openPostgres(settings) : openRedis(settings, settings.redisUrl)

const workerOptions = (o: WorkerSettings) => ({
  concurrency: o.concurrency,
  lockDuration: o.lockDurationMs,
  stalledInterval: o.stalledIntervalMs,
  maxStalledCount: 1_000_000,
  drainDelay: BLOCK_SECONDS,
  runRetryDelay: 1_000,
  autorun: true,
})

const eventsOf = (options: { keptEvents?: number } | undefined): { streams?: { events: { maxLen: number } } } =>
  options?.keptEvents === undefined ? {} : { streams: { events: { maxLen: options.keptEvents } } }

export const reconnectDelayMs = (times: number): number => Math.min(50 * 2 ** Math.min(times, 6), 1_000)

type Options = Omit<RedisOptions, 'replyMapping'>

const COMMON: Options = {
  socketTimeout: SOCKET_TIMEOUT_MS,
  connectTimeout: 5_000,
  keepAlive: 10_000,
  retryStrategy: reconnectDelayMs,
  // A server that loads its data is asked again by its own estimate of how long that takes, up to this.
  maxLoadingRetryTime: 500,
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
}

/**
 * A producer's object asks Redis nothing when it is made. Otherwise it asks for the version, and when that fails, since Redis
 * is away just then, it answers everything with that failure for ever. The version is checked when a process starts.
 */
const ASKS_NOTHING = { skipWaitingForReady: true, skipVersionCheck: true }

function openRedis(settings: QueueSettings, url: string): Backend {
  const { Queue, Worker, FlowProducer } = withBackend(createRedisBackend)
  const opened: Redis[] = []
  const connect = (options: Options): Redis => {
    const redis = new Redis(url, { ...COMMON, ...options })
    redis.on('error', settings.onError)
    opened.push(redis)
    return redis
  }
  const producer = connect({ enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 2_000 })
  let consumer: Redis | undefined
  const prefix = settings.prefix ?? 'flotilla'
  const quiet = <T extends { on(event: 'error', listener: (error: Error) => void): unknown }>(object: T): T => {
    object.on('error', settings.onError)
    return object
  }
  return {
    kind: 'redis',
    prefix,
    queue: (name, options) =>
      quiet(new Queue(name, { connection: producer, prefix, ...ASKS_NOTHING, ...eventsOf(options) })),
    flow: () => quiet(new FlowProducer({ connection: producer, prefix, ...ASKS_NOTHING })),
    worker: (name, options, process) => {
      consumer ??= connect({ maxRetriesPerRequest: null })
      return quiet(new Worker(name, process as never, { connection: consumer, prefix, ...workerOptions(options) }))
    },
    redis: () => connect({ maxRetriesPerRequest: null, enableOfflineQueue: true }),
    sender: producer,
    pool: null,
    ping: async () => void (await producer.ping()),
    close: async () => {
      for (const redis of opened) redis.disconnect()
    },
  }
}

function openPostgres(settings: QueueSettings): Backend {
  const { Queue, Worker } = withBackend(lastingPostgresBackend)
  const base = settings.poolSize ?? 8
  const pool = new pg.Pool({
    connectionString: settings.databaseUrl,
    max: base,
    options: `-c search_path=${BULLMQ_SCHEMA} ${LIMITS}`,
    application_name: 'flotilla-queue',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  })
  pool.on('error', settings.onError)
  pool.on('connect', (client) => void client.on('error', settings.onError))
  endUnansweredConnections(pool, UNANSWERED_MS)
  // Every consumer adds its own listener to the pool.
  pool.setMaxListeners(0)
  const connection = restingPool(pool)
  let consumers = 0
  const quiet = <T extends { on(event: 'error', listener: (error: Error) => void): unknown }>(object: T): T => {
    object.on('error', settings.onError)
    return object
  }
  return {
    kind: 'postgres',
    prefix: '',
    queue: (name, options) => quiet(new Queue(name, { connection, ...eventsOf(options) }) as unknown as Queue),
    flow: () => {
      throw new ConfigurationError('flow trees need Redis; the Postgres backend wakes tasks in batches')
    },
    worker: (name, options, process) => {
      // Each consumer pins one connection for LISTEN.
      consumers += 1
      pool.options.max = base + consumers
      const worker = quiet(
        new Worker(name, process as never, { connection, ...workerOptions(options) }) as unknown as Worker,
      )
      worker.on('closed', () => {
        consumers -= 1
        pool.options.max = base + consumers
      })
      return worker
    },
    redis: () => null,
    sender: null,
    pool,
    ping: async () => void (await pool.query('select 1')),
    close: () => pool.end(),
  }
}

/** BullMQ's own tables, in their own schema. Answers the version. */
export async function migrateQueues(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  // What runs then rejects; unheard, the event would end the process.
  client.on('error', () => {})
  await client.connect()
  try {
    return await runMigrations(client, BULLMQ_SCHEMA)
  } finally {
    await client.end()
  }
}
