import { expect, it } from 'vitest'
import { limitsWithoutModel, readLaneLimits } from './lane-limits.ts'

const lane = (provider: string, model: string) => ({ provider, model, key: 'k' })

it('finds the limits of a lane by the longest name that fits', () => {
  const limitsOf = readLaneLimits({
    'anthropic:': { requests: 50 },
    'anthropic:claude-sonnet-5': { requests: 100, inputTokens: 30_000 },
    'anthropic:claude-sonnet-5-5': { tokens: 5 },
  })
  expect(limitsOf(lane('anthropic', 'claude-sonnet-5-5'))).toEqual({ limits: { tokens: 5 } })
  expect(limitsOf(lane('anthropic', 'claude-sonnet-5-20260601'))).toEqual({
    limits: { requests: 100, inputTokens: 30_000 },
  })
  expect(limitsOf(lane('anthropic', 'claude-sonnet-50'))).toEqual({ limits: { requests: 50 } })
  expect(limitsOf(lane('openai', 'gpt-6-luna'))).toEqual({})
})

it.each([
  [
    { 'openai:': { requests: 0 } },
    '"openai:" requests: expected a whole number per minute, from 1 on, found 0: give requests, ',
  ],
  [{ 'openai:': { tokens: '5' } }, '"openai:" tokens: expected a whole number per minute, from 1 on, found "5"'],
  [{ 'openai:': { rpm: 5 } }, '"openai:" has an unknown field "rpm": give requests, tokens'],
  [{ 'openai:': 5 }, '"openai:" is 5, and no object'],
  ['many', 'expected an object of limits by model, found "many"'],
  [[], 'found a list'],
  [{ big: { requests: 5 } }, '"big" names no model: expected provider:model'],
  [{ 'compatable:big': { requests: 5 } }, '"compatable:big" names no model'],
  [{ 'gpt-6-luna': { requests: 5 } }, 'write "openai:gpt-6-luna"'],
])('refuses %j, naming what is wrong', (limits, named) => {
  expect(() => readLaneLimits(limits)).toThrow(named)
})

it('tells which of them hold for no model', () => {
  const limits = { 'openai:': { requests: 5 }, 'compatible:bgi': { requests: 5 }, 'compatible:big': { tokens: 1 } }
  expect(limitsWithoutModel(limits, ['compatible:big', 'openai:gpt-6-luna'])).toEqual(['compatible:bgi'])
})
