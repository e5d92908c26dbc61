import { ConfigurationError } from '@flotilla/domain'
import type { DatabaseFacts } from './database-facts.ts'
import { checkNotNewer, databaseState, MIGRATIONS, type MigrationState } from './migrate.ts'

/** What everything of the record stands on; a schema that has its migrations but not these has been damaged. */
const CORE_TABLES = ['runs', 'tasks', 'attempts', 'events']

type Problems = readonly string[]

/** Everything that keeps a database from holding the record, each with what to do about it. */
export function databaseProblems(facts: DatabaseFacts, state: MigrationState): Problems {
  if (facts.standby)
    return ['is a hot standby, which takes no writes; point DATABASE_URL at the server that it follows']
  if (facts.readOnly)
    return [
      'is read-only (default_transaction_read_only is on); turn that off for this database and user, or point DATABASE_URL at another one',
    ]
  const strange = strangersProblem(facts, state)
  if (strange !== null) return [strange]
  return [...rightsProblems(facts, state), ...damage(facts, state), ...writeProblem(facts)]
}

/** Another program may have a schema of this name. */
function strangersProblem({ tables, migrationColumns }: DatabaseFacts, { applied }: MigrationState): string | null {
  const ours = migrationColumns.includes('name') && migrationColumns.includes('timestamp')
  const known = applied.length === 0 || applied.some((name) => name in MIGRATIONS)
  const others = tables.filter((name) => name !== 'migrations' && name !== 'migrations_lock')
  if (ours && known && !(applied.length === 0 && others.length > 0)) return null
  if (tables.length === 0) return null
  return `has a schema "flotilla" of another program (with ${tables.toSorted().slice(0, 3).join(', ')}); point DATABASE_URL at another database`
}

function rightsProblems(facts: DatabaseFacts, { applied }: MigrationState): Problems {
  const problems: string[] = []
  if (!facts.mayUseSchema) problems.push('has the schema "flotilla", and this user may not use it; grant it that right')
  if (facts.strangeRoles.length > 0) {
    const roles = facts.strangeRoles.join(' and ')
    problems.push(
      `has the roles that Flotilla acts as, and this user is no member of them; run: grant ${roles} to <user>`,
    )
  }
  if (applied.length > 0 && facts.missingRoles.length > 0)
    problems.push(
      `lacks the roles ${facts.missingRoles.join(' and ')}; run "flotilla migrate" as a user that may create them`,
    )
  if (applied.length > 0) return problems
  if (facts.tables.length === 0 && !facts.mayCreateSchema)
    problems.push('lets this user create no schema; run: grant create on database <database> to <user>')
  if (facts.missingRoles.length > 0 && !facts.mayCreateRoles)
    problems.push(
      `lacks the roles ${facts.missingRoles.join(' and ')}, and this user may create none; create them, or alter the user with createrole`,
    )
  return problems
}

function damage({ tables }: DatabaseFacts, { applied }: MigrationState): Problems {
  const missing = applied.length === 0 ? [] : CORE_TABLES.filter((name) => !tables.includes(name))
  if (missing.length === 0) return []
  return [
    `has the migrations of Flotilla but not its tables ${missing.join(', ')}; restore a backup, or drop the schema to begin anew`,
  ]
}

const DISK_FULL = '53100'
const READ_ONLY = '25006'
const NO_RIGHT = '42501'

function writeProblem({ refusesWrites }: DatabaseFacts): Problems {
  switch (refusesWrites?.code) {
    case undefined:
      return []
    case DISK_FULL:
      return [`has no room left on its disk (${refusesWrites?.message ?? ''}); make room`]
    case READ_ONLY:
      return ['is read-only; point DATABASE_URL at a server that takes writes']
    case NO_RIGHT:
      return ['lets this user create no temporary tables; run: grant temporary on database <database> to <user>']
    default:
      return [`refuses to write: ${refusesWrites?.message ?? ''}; mend that`]
  }
}

/**
 * Refuses a database that cannot hold the record, whether or not it is migrated yet; with everything that is wrong. One that
 * cannot be reached rejects with the driver's error.
 */
export async function checkDatabase(url: string): Promise<MigrationState> {
  const { facts, state } = await databaseState(url)
  const problems = databaseProblems(facts, state)
  if (problems.length > 0)
    throw new ConfigurationError(problems.map((problem) => `the database of DATABASE_URL ${problem}`).join('\n'))
  return state
}

/** Refuses one that cannot be reached, is not migrated, or too far, as well: for what runs on it. */
export async function checkMigratedDatabase(url: string): Promise<void> {
  const state = await checkDatabase(url).catch((cause: unknown) => {
    if (cause instanceof ConfigurationError) throw cause
    throw new ConfigurationError(
      `the database of DATABASE_URL cannot be used: ${reasonOf(cause)}. Start it, or correct DATABASE_URL`,
      { cause },
    )
  })
  checkNotNewer(state)
  if (state.pending.length > 0)
    throw new ConfigurationError(
      `the database lacks the migrations ${state.pending.join(', ')}; run "flotilla migrate"`,
    )
}

/** Node tries every address of a host and tells of all of them at once, under no message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0])
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}
