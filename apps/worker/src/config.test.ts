import { describe, expect, test } from 'vitest'
import { ENV_KEYS, readConfig } from './config.ts'
import { workerRoles } from './start-worker.ts'

const URL_OF_DATABASE = { DATABASE_URL: 'postgres://user@127.0.0.1:5432/flotilla' }

describe('the configuration of a worker', () => {
  test('has a default for everything but the database', () => {
    const config = readConfig(URL_OF_DATABASE)
    expect(config.FLOTILLA_CONCURRENCY).toBe(50)
    expect(config.FLOTILLA_LEASE_SECONDS).toBe(60)
    expect(config.FLOTILLA_ROLES).toEqual(['planner', 'agent:*', 'verifier', 'learner', 'maintenance'])
    expect(config.REDIS_URL).toBeUndefined()
    expect(ENV_KEYS).toContain('FLOTILLA_ROLE_LIMITS')
  })

  test('counts an empty variable as not set', () => {
    expect(readConfig({ ...URL_OF_DATABASE, REDIS_URL: '', FLOTILLA_MODEL: '' }).FLOTILLA_MODEL).toBeUndefined()
  })

  test('names everything that is wrong at once', () => {
    const wrong = {
      REDIS_URL: 'localhost',
      FLOTILLA_CONCURRENCY: '0',
      FLOTILLA_ROLES: 'foo',
      FLOTILLA_ROLE_LIMITS: 'writer',
    }
    expect(() => readConfig(wrong)).toThrow(
      /DATABASE_URL is not set[^]*REDIS_URL[^]*FLOTILLA_ROLES[^]*FLOTILLA_ROLE_LIMITS[^]*FLOTILLA_CONCURRENCY/,
    )
  })

  test('refuses a heartbeat that cannot keep the lease, with both names', () => {
    const limits = { FLOTILLA_LEASE_SECONDS: '5', FLOTILLA_HEARTBEAT_SECONDS: '4' }
    expect(() => readConfig({ ...URL_OF_DATABASE, ...limits })).toThrow(
      /FLOTILLA_HEARTBEAT_SECONDS \(4\).*FLOTILLA_LEASE_SECONDS \(5\)/,
    )
  })

  test('reads limits of roles', () => {
    const { FLOTILLA_ROLE_LIMITS: limits } = readConfig({
      ...URL_OF_DATABASE,
      FLOTILLA_ROLE_LIMITS: 'writer=4, analyst=10',
    })
    expect(limits).toEqual([
      { role: 'writer', max: 4 },
      { role: 'analyst', max: 10 },
    ])
  })
})

test('roles say what a worker serves', () => {
  expect(workerRoles(['planner', 'agent:*'])).toMatchObject({ planner: true, agents: null, verifier: false })
  expect(workerRoles(['agent:writer', 'agent:analyst'])).toMatchObject({
    planner: false,
    agents: ['writer', 'analyst'],
  })
  expect(workerRoles(['learner'])).toMatchObject({ agents: undefined, learner: true })
})
