import { expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { childEnvironment, drainOf } from './child-environment.ts'
import { recordedName } from './system.ts'

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
    FLOTILLA_DRAIN_SECONDS: '10',
    FLOTILLA_LOG_LEVEL: 'info',
  })
})

test('the work of children gets the whole drain time, and none is killed in it', () => {
  for (const seconds of [0, 1, 3, 10, 3_600])
    expect(drainOf(seconds)).toEqual({ childSeconds: seconds, graceMs: seconds * 1_000 + 2_000 })
})

test('a worker has a name of its own in the record, the same at every start from one data directory', () => {
  expect(recordedName('worker-1', '/data')).toMatch(/^worker-1@.+-[0-9a-f]{6}$/)
  expect(recordedName('worker-1', '/data')).toBe(recordedName('worker-1', '/data'))
  expect(recordedName('worker-1', '/other')).not.toBe(recordedName('worker-1', '/data'))
})
