import { expect, it } from 'vitest'
import { amount } from './amounts.ts'

it.each([
  ['costUsd', 0, '$0'],
  ['costUsd', 0.25, '$0.25'],
  ['tokens', 12_400, '12,400 tokens'],
  ['toolCalls', 1, '1 tool call'],
  ['seconds', 0, '0 s'],
  ['seconds', 0.84, '840 ms'],
  ['seconds', 12, '12 s'],
  ['seconds', 125, '2 min 5 s'],
] as const)('tells an amount of %s, %d, as %s', (dimension, value, text) => expect(amount(dimension, value)).toBe(text))

it('rounds a need up', () =>
  expect([amount('seconds', 60.2, 'up'), amount('costUsd', 0.011, 'up')]).toEqual(['1 min 1 s', '$0.02']))
