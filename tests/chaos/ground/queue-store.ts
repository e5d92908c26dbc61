import { startTestRedis, type TestServer } from '@flotilla/testing'
import { Redis } from 'ioredis'
import type pg from 'pg'
import { pause } from '../pause.ts'

/** Where the queue is, as something to be struck. */
export interface QueueStore {
  /** Past every proxy; undefined where the queue is in Postgres. */
  readonly redis: Readonly<{ url: string; port: number }> | undefined
  /** Nothing of the queue is left. */
  flush(): Promise<void>
  /** As flush, and away for `forMs`. */
  wipe(forMs: number): Promise<void>
  close(): Promise<void>
}

export async function startRedisStore(): Promise<QueueStore> {
  let server: TestServer = await startTestRedis()
  const { url, port } = server
  return {
    redis: { url, port },
    flush: () => flushAll(url),
    async wipe(forMs) {
      process.kill(server.pid, 'SIGKILL')
      await server.stop()
      await pause(forMs)
      server = await startTestRedis({ port })
    },
    close: () => server.stop(),
  }
}

async function flushAll(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
  })
  redis.on('error', () => {}) // The rejection says the same.
  try {
    await redis.connect()
    await redis.flushall()
  } finally {
    redis.disconnect()
  }
}

/** The embedded queue cannot be away without the record: a wipe empties it, as a flush does. */
export function embeddedStore(pool: pg.Pool): QueueStore {
  const flush = async (): Promise<void> => {
    const { rows } = await pool.query<{ tables: string | null }>(
      `select string_agg(format('%I.%I', schemaname, tablename), ', ') as tables
       from pg_tables where schemaname = 'bullmq' and tablename <> 'migration'`,
    )
    const tables = rows[0]?.tables
    if (tables) await truncate(pool, tables)
  }
  return { redis: undefined, flush, wipe: flush, close: () => Promise.resolve() }
}

const DEADLOCK = '40P01'
const TRIES = 10

/** The workers hold these tables in orders of their own: the victim of a deadlock tries again. */
async function truncate(pool: pg.Pool, tables: string): Promise<void> {
  for (let left = TRIES; ; left--) {
    try {
      await pool.query(`truncate ${tables} cascade`)
      return
    } catch (error) {
      if ((error as { code?: unknown }).code !== DEADLOCK || left <= 1) throw error
    }
  }
}
