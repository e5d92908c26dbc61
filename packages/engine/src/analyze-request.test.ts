import type { Analysis } from '@flotilla/domain'
import { createPriceTable } from '@flotilla/llm'
import { expect, it } from 'vitest'
import { alternativesTo } from './analyze-request.ts'

const rates = (usd: number) => ({ input: usd, cachedInput: usd, cacheWrite: usd, output: usd })
const range = { low: 0, expected: 0, high: 0 }
const estimate: Analysis['estimate'] = {
  tasks: 1,
  parallelism: 1,
  tokens: range,
  costUsd: range,
  seconds: range,
  drivers: [{ what: 'all', inputTokens: 600_000, outputTokens: 400_000, costUsd: 0 }],
}

it('other models are compared where they have a price, the cheapest first', () => {
  const prices = createPriceTable({ 'compatible:dear': rates(9), 'compatible:cheap': rates(2) })
  const savers = ['compatible:own', 'compatible:dear', 'compatible:unpriced', 'compatible:cheap'].map((ref) => ({
    ref,
  }))
  const chain = { links: [{ ref: 'compatible:own' }], savers } as const
  expect(alternativesTo({ prices }, chain, { estimate })).toEqual([
    { model: 'compatible:cheap', costUsd: 2 },
    { model: 'compatible:dear', costUsd: 9 },
  ])
})
