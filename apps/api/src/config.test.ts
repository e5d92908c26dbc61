import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

const DATABASE_URL = 'postgres://flotilla@127.0.0.1:5432/flotilla'

describe('the configuration', () => {
  it('has defaults for all but the database', () => {
    expect(readConfig({ DATABASE_URL })).toMatchObject({
      DATABASE_URL,
      FLOTILLA_HOST: '127.0.0.1',
      FLOTILLA_PORT: 3_000,
      FLOTILLA_DB_POOL: 10,
      FLOTILLA_LOG_LEVEL: 'info',
      FLOTILLA_QUEUE_PREFIX: 'flotilla',
    })
  })

  it('takes what is empty for unset', () => {
    const config = readConfig({ DATABASE_URL, REDIS_URL: '', FLOTILLA_PORT: ' ', ANTHROPIC_API_KEY: '' })
    expect([config.REDIS_URL, config.FLOTILLA_PORT, config.ANTHROPIC_API_KEY]).toEqual([undefined, 3_000, undefined])
  })

  it('takes port 0 as any', () => {
    expect(readConfig({ DATABASE_URL, FLOTILLA_PORT: '0' }).FLOTILLA_PORT).toBe(0)
  })

  it('cannot be changed', () => {
    expect(Object.isFrozen(readConfig({ DATABASE_URL }))).toBe(true)
  })

  it('names everything that is wrong with it at once', () => {
    const read = () =>
      readConfig({
        REDIS_URL: 'localhost:6379',
        FLOTILLA_PORT: '70000',
        FLOTILLA_LOG_LEVEL: 'loud',
        FLOTILLA_PRICES: '{',
        FLOTILLA_CALL_TIMEOUTS: '{"idle": 1}',
      })
    expect(read).toThrow(/DATABASE_URL is not set/)
    expect(read).toThrow(/REDIS_URL is not a URL of the form redis:\/\/host:6379/)
    expect(read).toThrow(/FLOTILLA_PORT is "70000"; expected a whole number from 0 to 65535/)
    expect(read).toThrow(/FLOTILLA_LOG_LEVEL is "loud"; expected trace/)
    expect(read).toThrow(/FLOTILLA_PRICES is not JSON/)
    expect(read).toThrow(/FLOTILLA_CALL_TIMEOUTS: idle: /)
  })

  it.each(['12x', '-1', '1.5', '1e3'])('refuses the port %j', (port) => {
    expect(() => readConfig({ DATABASE_URL, FLOTILLA_PORT: port })).toThrow(/FLOTILLA_PORT/)
  })
})
