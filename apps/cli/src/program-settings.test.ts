import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { programProblems, unpricedModels } from './program-settings.ts'

const problemsOf = (environment: Record<string, string>) => {
  const { config, problems } = parseConfig(environment, '/work')
  return programProblems(config, problems)
}

test.each([
  ['FLOTILLA_PRICES', '{bad'],
  ['FLOTILLA_PRICES', '{"x:y": {"input": "much"}}'],
  ['FLOTILLA_PRICES', 'no-such-prices.json'],
  ['FLOTILLA_RATE_LIMITS', '{"openai:gpt": {"requests": 0}}'],
  ['FLOTILLA_FALLBACK_MODELS', 'small'],
  ['FLOTILLA_UNKNOWN_PRICE', 'guess'],
  ['FLOTILLA_ROLE_LIMITS', 'writer'],
  ['FLOTILLA_WORKSPACE_WEIGHTS', 'acme=0'],
  ['FLOTILLA_ROLES', 'foo'],
  ['FLOTILLA_APPROVAL_HOURS', '0'],
  ['FLOTILLA_DB_POOL', '1'],
  ['FLOTILLA_HEALTH_PORT', 'x'],
])('%s=%s is told once, before a program is started with it', async (key, value) => {
  expect(await problemsOf({ [key]: value })).toEqual([expect.stringContaining(key)])
})

test('nothing is wrong with what is not set or set to nothing', async () => {
  expect(await problemsOf({})).toEqual([])
  expect(await problemsOf({ FLOTILLA_PRICES: '', FLOTILLA_ROLES: '', DATABASE_URL: '' })).toEqual([])
})

test('what is told already is not told again', async () => {
  expect(await problemsOf({ REDIS_URL: 'nonsense', FLOTILLA_LEASE_SECONDS: '1', FLOTILLA_ROLES: 'foo' })).toEqual([
    expect.stringContaining('FLOTILLA_ROLES'),
  ])
})

test.each([
  ['refuse', true, /compatible:big/],
  ['most_expensive', false, /compatible:big/],
])('models without a price are told, where %s holds', async (rule, refused, note) => {
  const set = { OPENAI_BASE_URL: 'http://localhost:1', FLOTILLA_MODEL: 'compatible:big', FLOTILLA_UNKNOWN_PRICE: rule }
  const of = (more: Record<string, string>) => unpricedModels(parseConfig({ ...set, ...more }, '/work').config)
  expect(await of({})).toEqual({ refused, notes: [expect.stringMatching(note)] })
  const free = '{"compatible:": {"input": 0, "cachedInput": 0, "cacheWrite": 0, "output": 0}}'
  expect(await of({ FLOTILLA_PRICES: free })).toMatchObject({ notes: [] })
  expect(await of({ FLOTILLA_PRICES: '{bad' })).toBeNull()
})
