import { ConfigurationError } from '@flotilla/domain'
import { checkDatabase, migrate } from '@flotilla/db'
import { checkRedis, hostOf, migrateQueues } from '@flotilla/queue'

export type Stores = Readonly<{ databaseUrl: string; redisUrl: string | undefined }>

/**
 * Brings the record's schema up to date and, where it keeps the queues too, theirs. `say` is told once when workers hold the
 * tables, and it has to try again. Answers what was applied.
 */
export async function prepareDatabase(
  { databaseUrl, redisUrl }: Stores,
  say: (line: string) => void = () => {},
): Promise<string[]> {
  if (redisUrl !== undefined) await checkRedis(redisUrl)
  try {
    await checkDatabase(databaseUrl)
    let told = false
    const applied = await migrate(databaseUrl, () => {
      if (!told) say('Workers are using the tables; trying again until they let go …')
      told = true
    })
    if (redisUrl === undefined) await migrateQueues(databaseUrl)
    return applied
  } catch (error) {
    throw error instanceof ConfigurationError ? error : databaseProblem(databaseUrl, error)
  }
}

/** In words of what to do; never with the URL's password. */
export function databaseProblem(url: string, error: unknown): ConfigurationError {
  return new ConfigurationError(
    `the database at ${hostOf(url)} cannot be used: ${reasonOf(error)}. Start it, correct DATABASE_URL, or unset DATABASE_URL to use the embedded PostgreSQL`,
    { cause: error },
  )
}

/** A refused connection comes as an AggregateError without a message, one error for each address. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}
