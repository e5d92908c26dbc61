import pg from 'pg'
import type { Log } from './logger.ts'
import { isRedisError } from './outage.ts'
import { createOutageReporter, withOutages } from './outage-reporter.ts'

export type StoreLogs = Readonly<{
  /** For all work: an outage is told as one, whatever it makes fail. */
  log: Log
  /** For what fails on its way to the queue. */
  queueLog: Log
  close(): void
}>

export type StoreLogsOptions = Readonly<{
  log: Log
  databaseUrl: string
  /** Rejects while Redis is away; null where the queue is in the database, and away with it. */
  askRedis: (() => Promise<unknown>) | null
}>

/** The logs of a process that works with the database and, where the queue is there, with Redis. */
export function openStoreLogs({ log, databaseUrl, askRedis }: StoreLogsOptions): StoreLogs {
  const database = createOutageReporter({ store: 'the database', ask: () => askDatabase(databaseUrl), log })
  const redis = askRedis === null ? database : createOutageReporter({ store: 'Redis', ask: askRedis, log })
  return {
    log: withOutages(log, (error) => (isRedisError(error) ? redis : database)),
    queueLog: withOutages(log, () => redis),
    close() {
      database.close()
      redis.close()
    },
  }
}

const CONNECT_MS = 2_000

/** By a connection of its own: a pool whose connections are all at work would answer late. */
async function askDatabase(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_MS, query_timeout: CONNECT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
  } finally {
    // Without waiting: the server may have gone meanwhile.
    void client.end().catch(() => {})
  }
}
