import type { TestProject } from 'vitest/node'
import './provided-context.ts'
import { startTestPostgres, type TestServer } from './test-postgres.ts'
import { startTestRedis } from './test-redis.ts'

/** Services of one test run, shared by its files. `FLOTILLA_TEST_WITHOUT_REDIS=1` leaves Redis out. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const withoutRedis = process.env['FLOTILLA_TEST_WITHOUT_REDIS'] === '1'
  const starting = [startTestPostgres(), ...(withoutRedis ? [] : [startTestRedis()])]
  const stop = stopAtInterrupt(starting)
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

/** Also what is still starting is stopped, whoever asks for it first. */
function stopAtInterrupt(starting: Promise<TestServer>[]): () => Promise<void> {
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= Promise.allSettled(starting.map(async (server) => (await server).stop())).then(() => {
      for (const signal of signals) process.off(signal, interrupt)
    })
    return stopped
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const interrupt = (): void => void stop().then(() => process.exit(130))
  for (const signal of signals) process.once(signal, interrupt)
  return stop
}
