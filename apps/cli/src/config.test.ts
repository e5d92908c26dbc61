import path from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig, ROOT } from './config.ts'

test('defaults', () => {
  const { config, problems } = parseConfig({}, '/work')
  expect(problems).toEqual([])
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 3_000,
    dataDir: path.join(ROOT, '.flotilla'),
    workers: 1,
    workerName: 'worker',
    drainSeconds: 10,
    logLevel: 'info',
    databaseUrl: undefined,
  })
})

test('everything that is wrong is told at once, and passwords are not', () => {
  const { config, problems } = parseConfig(
    {
      DATABASE_URL: 'mysql://me:secret@db',
      REDIS_URL: 'nonsense-with-secret',
      FLOTILLA_PORT: '70000',
      FLOTILLA_WORKERS: 'many',
      FLOTILLA_LOG_LEVEL: 'loud',
      FLOTILLA_HOST: 'a host',
      FLOTILLA_API_KEY: 'two words',
    },
    '/work',
  )
  expect(problems).toEqual([
    'DATABASE_URL: expected a URL that begins with postgres:// or postgresql://',
    'REDIS_URL: expected a URL that begins with redis:// or rediss://',
    'FLOTILLA_HOST: expected a host name or an IP address, found "a host"',
    'FLOTILLA_PORT: expected a port (0 takes any free one), 0 to 65,535, found 70000',
    'FLOTILLA_WORKERS: expected a number of worker processes, 1 to 64, found "many"',
    'FLOTILLA_LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent, found "loud"',
    'FLOTILLA_API_KEY: expected a key without blanks or control characters',
  ])
  expect(problems.join()).not.toContain('secret')
  expect(config.port).toBe(3_000)
})

test('blanks count as not set', () => {
  const { config, problems } = parseConfig({ DATABASE_URL: '', FLOTILLA_PORT: '  ', FLOTILLA_URL: '' }, '/work')
  expect(problems).toEqual([])
  expect(config).toMatchObject({ databaseUrl: undefined, port: 3_000, url: undefined })
})

test('a data directory of its own', () => {
  expect(parseConfig({ FLOTILLA_DATA_DIR: '/var/flotilla' }, '/work').config.dataDir).toBe('/var/flotilla')
})

test('limits of workers that contradict each other are told with both names, before anything starts', () => {
  const { problems } = parseConfig({ FLOTILLA_LEASE_SECONDS: '5', FLOTILLA_HEARTBEAT_SECONDS: '4' }, '/work')
  expect(problems).toEqual([expect.stringMatching(/^FLOTILLA_HEARTBEAT_SECONDS \(4\).*FLOTILLA_LEASE_SECONDS \(5\)/)])
})
