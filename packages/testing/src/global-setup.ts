import type { TestProject } from 'vitest/node'
import './provided-context.ts'
import { startTestPostgres, type TestServer } from './test-postgres.ts'
import { startTestRedis } from './test-redis.ts'

/**
 * Services of one test run, shared by its files. `FLOTILLA_TEST_WITHOUT_REDIS=1` leaves Redis out; with
 * `FLOTILLA_TEST_POSTGRES_URL` and `FLOTILLA_TEST_REDIS_URL` many runs share the servers of whoever started them.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const shared = process.env['FLOTILLA_TEST_POSTGRES_URL']
  if (shared !== undefined) {
    project.provide('postgresUrl', shared)
    project.provide('redisUrl', process.env['FLOTILLA_TEST_REDIS_URL'] ?? null)
    return () => Promise.resolve()
  }
  const withoutRedis = process.env['FLOTILLA_TEST_WITHOUT_REDIS'] === '1'
  const starting: Promise<TestServer>[] = [startTestPostgres(), ...(withoutRedis ? [] : [startTestRedis()])]
  const stop = async (): Promise<void> => {
    await Promise.allSettled(starting.map(async (server) => (await server).stop()))
  }
  try {
    const [postgres, redis] = await Promise.all(starting)
    project.provide('postgresUrl', postgres?.url ?? '')
    project.provide('redisUrl', redis?.url ?? null)
    return stop
  } catch (error) {
    await stop()
    throw error
  }
}
