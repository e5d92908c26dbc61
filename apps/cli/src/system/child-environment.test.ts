import { expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { childEnvironment, drainOf } from './child-environment.ts'
import { nextIncarnation } from './system.ts'

test('children inherit the environment, with what was settled in place of what was read', () => {
  const { config } = parseConfig(
    {
      PATH: '/bin',
      ANTHROPIC_API_KEY: 'k',
      FLOTILLA_API_KEY: 'mine',
      FLOTILLA_PORT: '0',
      FLOTILLA_WORKERS: '4',
      FLOTILLA_TREE_MAX: '7',
    },
    '/work',
  )
  expect(childEnvironment({ ...config, port: 4567, databaseUrl: 'postgres://db', dataDir: '/data' })).toEqual({
    PATH: '/bin',
    ANTHROPIC_API_KEY: 'k',
    DATABASE_URL: 'postgres://db',
    FLOTILLA_TREE_MAX: '7',
    FLOTILLA_HOST: '127.0.0.1',
    FLOTILLA_PORT: '4567',
    FLOTILLA_DATA_DIR: '/data',
    FLOTILLA_DRAIN_SECONDS: '7',
    FLOTILLA_LOG_LEVEL: 'info',
  })
})

test('children are done before the time is over', () => {
  for (const seconds of [2, 3, 5, 10, 60]) {
    const { childSeconds, graceMs } = drainOf(seconds)
    expect(childSeconds * 1_000).toBeLessThanOrEqual(graceMs)
    expect(graceMs).toBeLessThan(seconds * 1_000)
  }
  expect(drainOf(0)).toEqual({ childSeconds: 0, graceMs: 1_500 })
})

test('incarnations rise, also across starts of the system and crashes within a second', () => {
  expect(nextIncarnation(0, 1_700_000_000_500)).toBe(1_700_000_000)
  expect(nextIncarnation(1_700_000_000, 1_700_000_000_900)).toBe(1_700_000_001)
  expect(nextIncarnation(1_700_000_001, 1_700_000_005_000)).toBe(1_700_000_005)
})
