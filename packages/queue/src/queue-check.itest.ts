import { createTestDatabase, describeOnRedis, testRedisUrl, type TestDatabase } from '@flotilla/testing'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrateQueues } from './backend.ts'
import { checkQueueStore } from './queue-check.ts'

describe('a queue in Postgres', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createTestDatabase()
  })
  afterEach(() => database.drop())

  const run = async (text: string): Promise<void> => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    await client.query(text)
    await client.end()
  }
  const check = (databaseUrl = database.url): Promise<void> => checkQueueStore({ redisUrl: undefined, databaseUrl })

  it('is taken once its tables are there', async () => {
    await expect(check()).rejects.toThrow(/lacks the schema "bullmq".*run "flotilla migrate", or set REDIS_URL/)
    await run('create schema bullmq')
    await expect(check()).rejects.toThrow(/has the schema "bullmq".*without the queue's tables/)
    await migrateQueues(database.url)
    await check()
  })

  it('is refused to a user without rights to it', async () => {
    await migrateQueues(database.url)
    const login = `queue_guest_${new URL(database.url).pathname.slice(1)}`.slice(0, 60)
    await run(`create role "${login}" login password 'guest'`)
    const url = new URL(database.url)
    url.username = login
    url.password = 'guest'
    await expect(check(url.href)).rejects.toThrow(
      /may not use the schema "bullmq".*grant usage, create on schema bullmq/,
    )
    await run(`drop role "${login}"`)
  })
})

describeOnRedis('a queue in Redis', () => {
  it('asks nothing of Postgres', async () => {
    const settings = { redisUrl: testRedisUrl(), databaseUrl: 'postgres://127.0.0.1:1/nothing' }
    await expect(checkQueueStore(settings)).resolves.toBeUndefined()
  })
})
