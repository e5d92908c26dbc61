import { startTestPostgres, startTestRedis } from '@flotilla/testing'
import pg from 'pg'

/** A Postgres and a Redis that all killers by tests share: starting them takes longer than most of those tests. */
export interface KillerServices {
  /** Tells a test run to use them. */
  readonly env: Readonly<Record<string, string>>
  /** Removes every database, templates above all: the next ones are made by the sources as they are then. */
  forget(): Promise<void>
  stop(): Promise<void>
}

export async function startKillerServices(): Promise<KillerServices> {
  const [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()])
  return {
    env: { FLOTILLA_TEST_POSTGRES_URL: postgres.url, FLOTILLA_TEST_REDIS_URL: redis.url },
    forget: () => dropDatabases(postgres.url),
    stop: async () => {
      await Promise.all([postgres.stop(), redis.stop()])
    },
  }
}

async function dropDatabases(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>(
      `select datname as name from pg_database where datname ~ '^(template_|test_)'`,
    )
    for (const { name } of rows) await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`)
  } finally {
    await client.end()
  }
}
