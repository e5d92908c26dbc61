import { createTestDatabase, describeOnRedis, testRedisUrl, type TestDatabase } from '@flotilla/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrateQueues } from './backend.ts'
import { checkQueueStore } from './queue-check.ts'

describe('a queue in Postgres', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createTestDatabase()
  })
  afterEach(() => database.drop())

  const check = (databaseUrl = database.url): Promise<readonly string[]> =>
    checkQueueStore({ redisUrl: undefined, databaseUrl })

  it('is taken once its tables are there', async () => {
    await expect(check()).rejects.toThrow(/lacks the schema "bullmq".*run "flotilla migrate", or set REDIS_URL/)
    await database.query('create schema bullmq')
    await expect(check()).rejects.toThrow(/has the schema "bullmq".*without the queue's tables/)
    await migrateQueues(database.url)
    await check()
  })

  it('is refused to a user without rights to it', async () => {
    await migrateQueues(database.url)
    const login = `queue_guest_${database.name}`.slice(0, 60)
    await database.query(`create role "${login}" login password 'guest'`)
    const url = new URL(database.url)
    url.username = login
    url.password = 'guest'
    await expect(check(url.href)).rejects.toThrow(
      /may not use the schema "bullmq".*grant usage, create on schema bullmq/,
    )
    await database.query(`drop role "${login}"`)
  })
})

describeOnRedis('a queue in Redis', () => {
  it('asks nothing of Postgres', async () => {
    const settings = { redisUrl: testRedisUrl(), databaseUrl: 'postgres://127.0.0.1:1/nothing' }
    await expect(checkQueueStore(settings)).resolves.toEqual([])
  })
})
