import { Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { ConfigurationError } from '@flotilla/domain'
import { createPool } from './connect.ts'
import { spine } from './migrations/0001/index.ts'

/** In order; a landed migration is never edited. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = { '0001_spine': spine }

/** As `server_version_num` has it. */
const OLDEST_SERVER = 140_000

export type MigrationState = Readonly<{
  applied: readonly string[]
  pending: readonly string[]
  unknown: readonly string[]
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
  const { rows } = there[0]?.there
    ? await sql<{ name: string }>`select name from ${sql.table(`${SCHEMA}.${TABLE}`)} order by name`.execute(db)
    : { rows: [] }
  const applied = rows.map((row) => row.name)
  return {
    applied,
    pending: Object.keys(MIGRATIONS).filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !(name in MIGRATIONS)),
  }
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

/** Refuses a database that newer code has migrated: this code does not know what stands in it. */
export function checkNotNewer(state: MigrationState): void {
  if (state.unknown.length > 0)
    throw new ConfigurationError(
      `the database is newer than this version of Flotilla: it has the migrations ${state.unknown.join(', ')}; run a newer version, or point DATABASE_URL at another database`,
    )
}

/** Brings the schema up to date, under a lock of its own; safe to run from several places at once. Answers what it applied. */
export function migrate(url: string): Promise<string[]> {
  return withOwner(url, async (db) => {
    checkNotNewer(await readState(db))
    const migrator = new Migrator({
      db,
      provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
      migrationTableSchema: SCHEMA,
      migrationTableName: TABLE,
      migrationLockTableName: 'migrations_lock',
    })
    const { error, results } = await migrator.migrateToLatest()
    if (error !== undefined) throw error
    return (results ?? []).filter((r) => r.status === 'Success').map((r) => r.migrationName)
  })
}
