import { endUnansweredConnections } from '@flotilla/runtime'
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import { preparing } from './prepared-statements.ts'
import type { Database } from './schema.ts'

export type Db = Kysely<Database>
export type Tx = Transaction<Database>

/** `app` serves requests, one workspace per transaction; `engine` runs transitions of all workspaces; `owner` migrates. */
export type DbRole = 'app' | 'engine' | 'owner'

const INT8 = 20
const NUMERIC = 1700
const types = new pg.TypeOverrides()
types.setTypeParser(INT8, Number)
types.setTypeParser(NUMERIC, Number)

const LIMITS = '-c statement_timeout=5000 -c lock_timeout=4000 -c idle_in_transaction_session_timeout=5000'
/** What is acknowledged survives a crash of the server, whatever the database is set to. */
const DURABLE = '-c synchronous_commit=on'
/**
 * All that the engine asks for it finds by key: a plan made while a table was small is not to go on reading all of it, and one
 * plan serves all values, so that it is made once. A table that was known as empty when it is asked seems to have one row whatever has
 * come into it, and reading its index from end to end as cheap as looking one up: joins by key are written
 * `t.run_id = any (array[k.run_id])`, which the planner can only use to look `t` up. What a plan that is kept from scanning seems to cost would have a server
 * compile it, which takes longer than all it does.
 */
const BY_KEY =
  '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan -c jit=off'
const OPTIONS: Readonly<Record<DbRole, string>> = {
  app: `-c role=flotilla_app ${LIMITS} ${DURABLE}`,
  engine: `-c role=flotilla_engine ${LIMITS} ${DURABLE} ${BY_KEY}`,
  owner: '-c lock_timeout=3000',
}

/** Longer than any statement may take. */
const UNANSWERED_MS = 10_000

export type PoolSettings = Readonly<{
  url: string
  role: DbRole
  max: number
  applicationName: string
  /** A broken idle connection; the pool replaces it. */
  onError: (error: Error) => void
}>

/**
 * A pool whose sessions act as `role` and end what takes too long. A checked-out client whose backend dies emits `error` on
 * itself; unhandled, that ends the process.
 */
export function createPool(settings: PoolSettings): pg.Pool {
  const pool = new pg.Pool({
    connectionString: settings.url,
    max: settings.max,
    options: OPTIONS[settings.role],
    application_name: settings.applicationName,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    types,
  })
  pool.on('error', settings.onError)
  pool.on('connect', (client) => void client.on('error', settings.onError))
  // A migration's statements have no limit.
  if (settings.role !== 'owner') endUnansweredConnections(pool, UNANSWERED_MS)
  return pool
}

export const createDb = (pool: pg.Pool): Db =>
  new Kysely<Database>({ dialect: new PostgresDialect({ pool: preparing(pool) }) }).withSchema('flotilla')

/** A transaction of the engine, on the schema's tables. */
export const transact = <T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> =>
  db.transaction().execute((tx) => work(tx.withSchema('flotilla')))

/** A transaction of a request: row-level security shows it one workspace and nothing else. */
export function inWorkspace<T>(db: Db, workspaceId: number, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`select set_config('app.workspace_id', ${String(workspaceId)}, true)`.execute(tx)
    return work(tx.withSchema('flotilla'))
  })
}

/**
 * For statements that join all tasks of a run. To a server that knows the tables as those of many small runs, going through all
 * rows of the run again for each of them looks cheap: of 10,000 tasks that takes minutes. Until the transaction's end.
 */
export const joinWholeRuns = (tx: Tx): Promise<unknown> => sql`set local enable_nestloop = off`.execute(tx)

const UNSTORABLE = /\\u0000|\\ud[89a-f]/
const storable = (text: string): string => text.replaceAll('\u0000', '\uFFFD').toWellFormed()

/** JSON that Postgres takes: NUL characters and broken surrogates, which a model or a document may hold, become U+FFFD. */
export function json(value: unknown): string {
  const text = JSON.stringify(value)
  if (!UNSTORABLE.test(text)) return text
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'string') return storable(inner)
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [storable(key), item]))
  })
}
