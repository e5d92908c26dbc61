import { describe, inject } from 'vitest'
import './provided-context.ts'

export type QueueBackend = 'redis' | 'postgres'

/** A suite that needs Redis; left out, and counted as skipped, when the tests run without it. */
export function describeOnRedis(name: string, body: () => void): void {
  describe.skipIf(inject('redisUrl') === null)(name, body)
}

/** A suite that holds for both queue backends, once for each. */
export function describeOnEachBackend(name: string, body: (backend: QueueBackend) => void): void {
  describeOnRedis(`${name} on redis`, () => body('redis'))
  describe(`${name} on postgres`, () => body('postgres'))
}

/** The Redis of the test run. */
export function testRedisUrl(): string {
  const url = inject('redisUrl')
  if (url === null) throw new Error('this run has no Redis: put the suite into describeOnRedis')
  return url
}

/** Keeps the keys of one test file apart from those of the others. */
export function redisPrefix(): string {
  return `test-${crypto.randomUUID()}`
}
