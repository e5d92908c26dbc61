import { describe, expect, test } from 'vitest'
import { ENV_KEYS, readConfig, retentionOf } from './config.ts'
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

  test.each([
    ['0', 'FLOTILLA_CONCURRENCY is 0; expected 1 to 5000'],
    ['100000', 'FLOTILLA_CONCURRENCY is 100000; expected 1 to 5000'],
    ['-3', 'FLOTILLA_CONCURRENCY is "-3"; expected a number from 1 to 5000'],
    ['many', 'FLOTILLA_CONCURRENCY is "many"; expected a number from 1 to 5000'],
  ])('refuses a concurrency of %s', (FLOTILLA_CONCURRENCY, message) => {
    expect(() => readConfig({ ...URL_OF_DATABASE, FLOTILLA_CONCURRENCY })).toThrow(message)
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

  test('refuses sweeps longer than the lease, with both names, and a port that is none', () => {
    const limits = { FLOTILLA_LEASE_SECONDS: '5', FLOTILLA_HEARTBEAT_SECONDS: '1', FLOTILLA_SWEEP_SECONDS: '6' }
    expect(() => readConfig({ ...URL_OF_DATABASE, ...limits })).toThrow(
      /FLOTILLA_SWEEP_SECONDS \(6\).*FLOTILLA_LEASE_SECONDS \(5\)/,
    )
    expect(readConfig({ ...URL_OF_DATABASE, FLOTILLA_HEALTH_PORT: '0' }).FLOTILLA_HEALTH_PORT).toBe(0)
    expect(() => readConfig({ ...URL_OF_DATABASE, FLOTILLA_HEALTH_PORT: '70000' })).toThrow(/FLOTILLA_HEALTH_PORT/)
  })

  test('traces nothing unless told where to, by an address', () => {
    const told = (endpoint: string) => readConfig({ ...URL_OF_DATABASE, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
    expect(told('').OTEL_EXPORTER_OTLP_ENDPOINT).toBeUndefined()
    expect(told('http://127.0.0.1:4318').OTEL_EXPORTER_OTLP_ENDPOINT).toBe('http://127.0.0.1:4318')
    expect(() => told('127.0.0.1:4318')).toThrow(/OTEL_EXPORTER_OTLP_ENDPOINT: expected an address/)
  })

  test('has no port for metrics unless told, and none that probes have already', () => {
    const ports = (health: string, metrics: string) =>
      readConfig({ ...URL_OF_DATABASE, FLOTILLA_HEALTH_PORT: health, FLOTILLA_METRICS_PORT: metrics })
    expect(readConfig(URL_OF_DATABASE).FLOTILLA_METRICS_PORT).toBeUndefined()
    expect(ports('0', '0').FLOTILLA_METRICS_PORT).toBe(0)
    expect(ports('9100', '9101').FLOTILLA_METRICS_PORT).toBe(9_101)
    expect(() => ports('9100', '9100')).toThrow(/FLOTILLA_HEALTH_PORT and FLOTILLA_METRICS_PORT are both 9100/)
    expect(() => ports('', '-1')).toThrow(/FLOTILLA_METRICS_PORT is "-1"; expected a port/)
  })

  test('reads how model calls are made, and says what is wrong with it', () => {
    const read = (more: Record<string, string>) => readConfig({ ...URL_OF_DATABASE, ...more })
    expect(read({})).toMatchObject({ FLOTILLA_CALL_RETRIES: 2, FLOTILLA_CALL_TIMEOUTS: {} })
    const set = { FLOTILLA_CALL_RETRIES: '0', FLOTILLA_CALL_TIMEOUTS: '{"idleSeconds": 30}' }
    expect(read(set)).toMatchObject({ FLOTILLA_CALL_RETRIES: 0, FLOTILLA_CALL_TIMEOUTS: { idleSeconds: 30 } })
    expect(() => read({ FLOTILLA_CALL_RETRIES: '11' })).toThrow(/FLOTILLA_CALL_RETRIES is "11"; expected .* 0 to 10/)
    expect(() => read({ FLOTILLA_CALL_TIMEOUTS: 'x' })).toThrow(/FLOTILLA_CALL_TIMEOUTS: it is not JSON/)
    const wrong = { FLOTILLA_CALL_TIMEOUTS: '{"idleSeconds": -1}' }
    expect(() => read(wrong)).toThrow(/FLOTILLA_CALL_TIMEOUTS: idleSeconds: expected 0.1 to 86,400 seconds/)
    expect(() => read({ FLOTILLA_CALL_TIMEOUTS: '{"idle": 1}' })).toThrow(/FLOTILLA_CALL_TIMEOUTS: idle: /)
    const judge = { reasoning: { effort: 'low' }, timeouts: { totalSeconds: 60 } }
    expect(read({ FLOTILLA_CALL_SETTINGS: JSON.stringify({ judge }) }).FLOTILLA_CALL_SETTINGS).toEqual({ judge })
    const effort = { FLOTILLA_CALL_SETTINGS: '{"plan": {"reasoning": {"effort": "much"}}}' }
    expect(() => read(effort)).toThrow(
      /FLOTILLA_CALL_SETTINGS: plan\.reasoning\.effort: expected one of none, .* such as {/,
    )
    expect(() => read({ FLOTILLA_CALL_SETTINGS: '{"task": {}}' })).toThrow(/FLOTILLA_CALL_SETTINGS: task: /)
  })

  test('keeps runs for ever unless told otherwise, and keys for a week', () => {
    expect(retentionOf(readConfig(URL_OF_DATABASE))).toEqual({ runsDays: null, eventsDays: null, keysDays: 7 })
    const set = { FLOTILLA_RETAIN_DAYS: '30', FLOTILLA_RETAIN_EVENTS_DAYS: '0.5', FLOTILLA_IDEMPOTENCY_DAYS: '1' }
    expect(retentionOf(readConfig({ ...URL_OF_DATABASE, ...set }))).toEqual({
      runsDays: 30,
      eventsDays: 0.5,
      keysDays: 1,
    })
  })

  test('refuses events that outlive their runs, with both names, and 0 days', () => {
    const outlive = { FLOTILLA_RETAIN_DAYS: '7', FLOTILLA_RETAIN_EVENTS_DAYS: '30' }
    expect(() => readConfig({ ...URL_OF_DATABASE, ...outlive })).toThrow(
      /FLOTILLA_RETAIN_EVENTS_DAYS \(30\).*FLOTILLA_RETAIN_DAYS \(7\)/,
    )
    expect(() => readConfig({ ...URL_OF_DATABASE, FLOTILLA_RETAIN_DAYS: '0' })).toThrow(
      /FLOTILLA_RETAIN_DAYS is 0; expected a number of days from 0.01, or nothing/,
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
