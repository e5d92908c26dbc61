import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { ConfigurationError } from '@flotilla/domain'
import { createPool } from './connect.ts'
import { readDatabaseFacts, type DatabaseFacts } from './database-facts.ts'
import { FUNCTIONS, FUNCTIONS_HASH } from './functions/index.ts'
import { spine } from './migrations/0001/index.ts'
import { control } from './migrations/0002/index.ts'
import { money } from './migrations/0003/index.ts'
import { calls } from './migrations/0004/index.ts'
import { shares } from './migrations/0005/index.ts'
import { workers } from './migrations/0006/index.ts'
import { agentVersions } from './migrations/0007/index.ts'
import { keys } from './migrations/0008/index.ts'
import { planningOrder } from './migrations/0009/index.ts'
import { runLookUps } from './migrations/0010/index.ts'

/**
 * In order; a landed migration is never edited. A release that changes the functions adds a migration, be it an empty one:
 * older code then sees that the schema is newer.
 */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_spine': spine,
  '0002_control': control,
  '0003_money': money,
  '0004_calls': calls,
  '0005_shares': shares,
  '0006_workers': workers,
  '0007_agent_versions': agentVersions,
  '0008_keys': keys,
  '0009_planning_order': planningOrder,
  '0010_run_look_ups': runLookUps,
}

/** Code that knows fewer migrations than this cannot work with the schema as this code leaves it. */
const OLDEST_CODE = 1

/** As `server_version_num` has it. */
const OLDEST_SERVER = 140_000

export type MigrationState = Readonly<{
  applied: readonly string[]
  /** Migrations, and `functions` where the database has another text of them. */
  pending: readonly string[]
  /** Of newer code. */
  unknown: readonly string[]
  /** Newer code has left the schema so that this code can still work with it. */
  usable: boolean
}>

const SCHEMA = 'flotilla'
const TABLE = 'migrations'

async function withOwner<T>(url: string, work: (db: Kysely<unknown>) => Promise<T>): Promise<T> {
  const pool = createPool({ url, role: 'owner', max: 2, applicationName: 'flotilla-migrate', onError: () => {} })
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    return await work(db)
  } finally {
    await db.destroy()
  }
}

async function readState(db: Kysely<unknown>): Promise<MigrationState> {
  const { rows: server } = await sql<{
    version: string
  }>`select current_setting('server_version_num') as version`.execute(db)
  checkServer(Number(server[0]?.version))
  const { rows: there } = await sql<{
    there: boolean
  }>`select to_regclass(${`${SCHEMA}.${TABLE}`}) is not null as there`.execute(db)
  const { rows } =
    there[0]?.there && (await hasNames(db))
      ? await sql<{ name: string }>`select name from ${sql.table(`${SCHEMA}.${TABLE}`)} order by name`.execute(db)
      : { rows: [] }
  const applied = rows.map((row) => row.name)
  const unknown = applied.filter((name) => !(name in MIGRATIONS))
  const pending = Object.keys(MIGRATIONS).filter((name) => !applied.includes(name))
  const made = await readMade(db)
  if (unknown.length === 0 && made?.functions !== FUNCTIONS_HASH) pending.push('functions')
  return { applied, pending, unknown, usable: made !== null && made.oldest_code <= Object.keys(MIGRATIONS).length }
}

/** Another program's table of that name may have none. */
async function hasNames(db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql`
    select from pg_attribute where attrelid = to_regclass('flotilla.migrations') and attname = 'name'`.execute(db)
  return rows.length > 0
}

type Made = Readonly<{ functions: string; oldest_code: number }>

/** What stands in the schema beside the migrations; null before the first time. */
async function readMade(db: Kysely<unknown>): Promise<Made | null> {
  const there = await sql<{ there: boolean }>`
    select to_regclass('flotilla.schema_state') is not null as there`.execute(db)
  if (!there.rows[0]?.there) return null
  const { rows } = await sql<Made>`select functions, oldest_code from flotilla.schema_state`.execute(db)
  return rows[0] ?? null
}

/** Refuses a server that lacks what the schema is made of; `version` as in `server_version_num`: 130011 is 13.11. */
export function checkServer(version: number): void {
  if (version >= OLDEST_SERVER) return
  const found = `${Math.floor(version / 10_000)}.${version % 10_000}`
  throw new ConfigurationError(
    `the server of DATABASE_URL is PostgreSQL ${found}; expected ${OLDEST_SERVER / 10_000} or newer. Upgrade it, or point DATABASE_URL at a newer one`,
  )
}

/** What of the schema is there. Throws when the server cannot be reached or is too old. */
export const migrationState = (url: string): Promise<MigrationState> => withOwner(url, readState)

/** The same, with what else decides whether the database can be used. */
export const databaseState = (url: string): Promise<{ facts: DatabaseFacts; state: MigrationState }> =>
  withOwner(url, async (db) => ({ state: await readState(db), facts: await readDatabaseFacts(db) }))

/** Refuses a database that newer code has migrated so that this code cannot work with it any more. */
export function checkNotNewer(state: MigrationState): void {
  if (state.unknown.length > 0 && !state.usable)
    throw new ConfigurationError(
      `the database is newer than this version of Flotilla: it has the migrations ${state.unknown.join(', ')}; run a newer version, or point DATABASE_URL at another database`,
    )
}

/** A migration that has to wait for a worker keeps all others waiting, too: it rather gives way and tries again. */
const TRIES = 30
const REST_MS = 250

/**
 * Brings the schema up to date, under a lock of its own; safe to run from several places at once, and beside workers that are at
 * work. `onBusy` is called when it has to give way to them, before each further try. Answers what it applied.
 */
export function migrate(url: string, onBusy: (error: Error) => void = () => {}): Promise<string[]> {
  return withOwner(url, async (db) => {
    for (let left = TRIES; ; left--) {
      try {
        return await migrateOnce(db)
      } catch (error) {
        if (left <= 1 || !isBusy(error)) throw error
        onBusy(error)
        await sleep(REST_MS * (1 + Math.random()))
      }
    }
  })
}

const DEADLOCK = '40P01'
const LOCK_TIMEOUT = '55P03'
const isBusy = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && (error.code === DEADLOCK || error.code === LOCK_TIMEOUT)

async function migrateOnce(db: Kysely<unknown>): Promise<string[]> {
  const state = await readState(db)
  checkNotNewer(state)
  if (state.unknown.length > 0) return []
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
    migrationTableSchema: SCHEMA,
    migrationTableName: TABLE,
    migrationLockTableName: 'migrations_lock',
  })
  const { error, results } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  const applied = (results ?? []).filter((r) => r.status === 'Success').map((r) => r.migrationName)
  return (await makeFunctions(db)) ? [...applied, 'functions'] : applied
}

/** Makes the functions anew where their text is another. False: there was nothing to do. */
function makeFunctions(db: Kysely<unknown>): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('flotilla.functions'))`.execute(tx)
    if ((await readMade(tx))?.functions === FUNCTIONS_HASH) return false
    await sql.raw(FUNCTIONS).execute(tx)
    await sql`insert into flotilla.schema_state (functions, oldest_code) values (${FUNCTIONS_HASH}, ${OLDEST_CODE})
      on conflict (one) do update set functions = excluded.functions, oldest_code = excluded.oldest_code`.execute(tx)
    return true
  })
}
