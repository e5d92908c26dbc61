import { Redis } from 'ioredis'
import { Client } from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { describeOnEachBackend, describeOnRedis, redisPrefix, testRedisUrl } from './queue-backends.ts'
import { createTestDatabase, type TestDatabaseOptions } from './test-database.ts'
import { startTestRedis } from './test-redis.ts'

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql)
    return Object.values(rows[0] ?? {})[0]
  } finally {
    await client.end()
  }
}

async function create(options?: TestDatabaseOptions) {
  const database = await createTestDatabase(options)
  onTestFinished(() => database.drop())
  return database
}

test('test databases do not see each other', async () => {
  const [one, other] = [await create(), await create()]
  await ask(one.url, 'create table mine as select 1')
  await expect(ask(other.url, 'select * from mine')).rejects.toThrow('relation "mine" does not exist')
})

test('a template is migrated once, however many ask for it at once', async () => {
  let migrations = 0
  const template = {
    name: 'services_once',
    migrate: async (url: string) => {
      migrations += 1
      await ask(url, 'create table kept as select 42 as answer')
    },
  }
  const databases = await Promise.all([1, 2, 3, 4].map(() => create({ template })))
  expect(await Promise.all(databases.map(({ url }) => ask(url, 'select answer from kept')))).toEqual([42, 42, 42, 42])
  expect(migrations).toBe(1)
})

test('a template whose migration failed is not copied, and is made anew', async () => {
  let fails = true
  const template = {
    name: 'services_failing',
    migrate: async (url: string) => {
      await ask(url, 'create table half as select 1')
      if (fails) throw new Error('migration failed')
    },
  }
  await expect(create({ template })).rejects.toThrow('migration failed')
  fails = false
  expect(await ask((await create({ template })).url, 'select count(*)::int from half')).toBe(1)
})

test('a dropped database is gone, whoever is connected', async () => {
  const database = await createTestDatabase()
  const client = new Client({ connectionString: database.url })
  const cut = Promise.withResolvers<Error>()
  client.on('error', cut.resolve)
  await client.connect()
  await database.drop()
  expect(await cut.promise).toBeInstanceOf(Error)
  expect(
    await ask(inject('postgresUrl'), `select count(*)::int from pg_database where datname = '${database.name}'`),
  ).toBe(0)
})

describeOnRedis('redis', () => {
  test('is there, and evicts nothing', async () => {
    const redis = new Redis(testRedisUrl())
    onTestFinished(() => redis.disconnect())
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
    expect(redisPrefix()).not.toBe(redisPrefix())
  })

  test('a server of its own comes back empty on its port', async () => {
    const first = await startTestRedis()
    const before = new Redis(first.url)
    await before.set('key', 'value')
    before.disconnect()
    await first.stop()
    const second = await startTestRedis({ port: first.port })
    onTestFinished(() => second.stop())
    const after = new Redis(second.url)
    onTestFinished(() => after.disconnect())
    expect(await after.get('key')).toBeNull()
  })
})

const backends: string[] = []
describeOnEachBackend('a suite', (backend) => {
  test('runs', () => {
    backends.push(backend)
    expect(backends).toContain(backend)
  })
})
