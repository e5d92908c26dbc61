import { ConfigurationError } from '@flotilla/domain'
import pg from 'pg'
import { BULLMQ_SCHEMA } from './backend.ts'
import { hostOf } from './redis-address.ts'
import { checkRedis, scarceMemory } from './redis-check.ts'

type Facts = Readonly<{ there: boolean; jobs: boolean; mayUse: boolean; mayCreate: boolean }>

/**
 * Refuses a store that the queues cannot work with: Redis where it is set, else their tables in the record's Postgres. Answers
 * what it can work with for now, and what to do about it.
 */
export async function checkQueueStore(
  settings: Readonly<{ redisUrl: string | undefined; databaseUrl: string }>,
): Promise<readonly string[]> {
  if (settings.redisUrl !== undefined) {
    const scarce = scarceMemory(settings.redisUrl, await checkRedis(settings.redisUrl))
    return scarce === null ? [] : [`Redis at ${hostOf(settings.redisUrl)} ${scarce.what}. To mend it: ${scarce.mend}`]
  }
  const problem = problemOf(await readFacts(settings.databaseUrl))
  if (problem !== null) throw new ConfigurationError(problem)
  return []
}

async function readFacts(databaseUrl: string): Promise<Facts> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query<Facts>(
      `select oid is not null as there,
         exists (select from pg_class where relnamespace = oid_of.oid and relname = 'job') as jobs,
         coalesce(has_schema_privilege(oid, 'USAGE'), false) as "mayUse", coalesce(has_schema_privilege(oid, 'CREATE'), false) as "mayCreate"
       from (select (select oid from pg_namespace where nspname = $1) as oid) as oid_of`,
      [BULLMQ_SCHEMA],
    )
    return rows[0] ?? { there: false, jobs: false, mayUse: false, mayCreate: false }
  } finally {
    await client.end()
  }
}

function problemOf({ there, jobs, mayUse, mayCreate }: Facts): string | null {
  const schema = `the schema "${BULLMQ_SCHEMA}", where the queue is kept when REDIS_URL is not set`
  if (!there) return `the database of DATABASE_URL lacks ${schema}; run "flotilla migrate", or set REDIS_URL`
  if (!jobs)
    return `the database of DATABASE_URL has ${schema}, without the queue's tables; run "flotilla migrate", or set REDIS_URL`
  // Each queue makes a sequence of its own.
  if (!mayUse || !mayCreate)
    return `the user of DATABASE_URL may not use ${schema}; run: grant usage, create on schema ${BULLMQ_SCHEMA} to <user>`
  return null
}
