import type { Backend } from '../options.ts'
import type { Scope } from '../scope.ts'
import { connect, createDatabase, startPostgres, type Connection, type Postgres } from './postgres.ts'
import { startRedis, type RedisServer } from './redis.ts'

export type Stores = Readonly<{
  postgres: Postgres
  redis: RedisServer | null
  databaseUrl: string
  redisUrl: string | undefined
  /** As the database's owner, for questions of the bench. */
  db: Connection
}>

/** An empty record, and the queue in a Redis or in the record's database. */
export async function startStores(
  scope: Scope,
  backend: Backend,
  settings: Readonly<Record<string, string>> = {},
): Promise<Stores> {
  const postgres = await startPostgres(scope, settings)
  const redis = backend === 'redis' ? await startRedis(scope) : null
  const databaseUrl = await createDatabase(postgres, 'bench')
  const db = await connect(databaseUrl)
  scope.add('connection', () => db.end())
  return { postgres, redis, databaseUrl, redisUrl: redis?.url, db }
}
