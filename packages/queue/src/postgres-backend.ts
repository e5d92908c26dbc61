import {
  PostgresConnection,
  PostgresQueueBackend,
  type BackendFactory,
  type PgPool,
  type PostgresConnectionOptions,
} from 'bullmq'
import pg from 'pg'

/**
 * BullMQ's PostgreSQL backend, made to outlast its database. As it comes it keeps the first connection's failure for ever, and
 * rests only after refused connections: a consumer that meets another failure asks again at once, in a loop that leaves the
 * process no time for anything else.
 */
export const lastingPostgresBackend: BackendFactory<PostgresQueueBackend, PostgresConnectionOptions> = (
  name,
  opts,
  { withBlockingConnection = false } = {},
) => {
  const connection = new TrustingConnection(opts.connection)
  return new PostgresQueueBackend(connection, name, opts, true, withBlockingConnection ? name : undefined)
}

/** Trusts in the schema, which is checked when a process starts; a statement that fails says so itself. */
class TrustingConnection extends PostgresConnection {
  #told = false

  override waitUntilReady(): Promise<void> {
    if (!this.#told) {
      this.#told = true
      setTimeout(() => this.emit('ready'), 0)
    }
    return Promise.resolve()
  }
}

/** A pool whose failures for want of a server look refused to BullMQ, which then rests before it asks again. */
export const restingPool = (pool: pg.Pool): PgPool => {
  const resting = Object.create(pool) as pg.Pool
  resting.query = ((text: string, values?: unknown[]) => refused(pool.query(text, values))) as pg.Pool['query']
  resting.connect = (() => refused(pool.connect())) as pg.Pool['connect']
  // node-postgres's pool is what BullMQ's structural type describes; only the overloads of `query` differ.
  return resting as unknown as PgPool
}

async function refused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isAway(error)) throw error
    const { message } = error as Error
    throw Object.assign(new Error(message, { cause: error }), { code: 'ECONNREFUSED' })
  }
}

/** SQLSTATE classes and socket errors of a server that is away, starting, stopping, out of connections or too slow. */
const AWAY = /^(08|53|57|E[A-Z])/

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as Error & { code?: unknown }).code
  if (typeof code === 'string') return AWAY.test(code)
  // node-postgres reports a connection that ended or timed out without a code.
  return /connection|timeout/i.test(error.message)
}
