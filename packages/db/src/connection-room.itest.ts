import { createTestDatabase } from '@flotilla/testing'
import { expect, it, onTestFinished } from 'vitest'
import { readConnectionFacts } from './connection-room.ts'
import { createPool } from './connect.ts'
import { migrate } from './migrate.ts'

it('counts the workers that are connected, each once, without the one that asks', async () => {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  await migrate(database.url)
  const open = (name: string) => {
    const applicationName = `flotilla-worker ${name}`
    const pool = createPool({ url: database.url, role: 'engine', max: 2, applicationName, onError: () => {} })
    onTestFinished(() => pool.end())
    return pool
  }
  const names = ['a', 'b', 'c'].map((name) => `${name}-${database.name}`)
  const pools = names.map(open)
  const own = names[0] ?? ''
  const before = await readConnectionFacts(database.url, own)
  await Promise.all(pools.flatMap((pool) => [pool.query('select pg_sleep(0.05)'), pool.query('select 1')]))
  const facts = await readConnectionFacts(database.url, own)
  expect(facts.max).toBeGreaterThan(facts.reserved)
  expect(facts.workers - before.workers).toBe(2)
})
