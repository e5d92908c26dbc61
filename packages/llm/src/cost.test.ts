import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { costParts, costUsd, outputTokensWithin, quotePrice, worstCaseUsd } from './cost.ts'
import { NO_TOKENS, type TokenUsage } from './port.ts'
import { createPriceTable, type Price } from './pricing.ts'

const price = (more: Partial<Price> = {}): Price => ({
  input: 2,
  cachedInput: 0.2,
  cacheWrite: 2.5,
  output: 10,
  ...more,
})
const long = price({ longPrompt: { aboveInputTokens: 1000, input: 4, cachedInput: 0.4, cacheWrite: 5, output: 15 } })

describe('the cost of a call', () => {
  const usage: TokenUsage = {
    inputTokens: 1_000_000,
    cachedInputTokens: 500_000,
    cacheWriteTokens: 100_000,
    outputTokens: 10_000,
    reasoningTokens: 9000,
  }

  it('is split by what it was paid for, each at its own rate', () => {
    expect(costParts(price(), usage)).toEqual({
      inputUsd: 0.8,
      cachedInputUsd: 0.1,
      cacheWriteUsd: 0.25,
      outputUsd: 0.01,
      reasoningUsd: 0.09,
      totalUsd: 1.25,
    })
    expect(costParts(price({ reasoning: 20 }), usage)).toMatchObject({ reasoningUsd: 0.18, totalUsd: 1.34 })
  })

  it('is at the long rates for a long prompt, all of it', () => {
    const of = (inputTokens: number) => costUsd(long, { ...NO_TOKENS, inputTokens, outputTokens: 1000 })
    expect(of(1000)).toBe(0.012)
    expect(of(1001)).toBe(0.019004)
  })
})

const tokens = fc.nat(2_000_000)
const rate = fc.integer({ min: 0, max: 2_000_000 }).map((n) => n / 10_000)
const prices = fc.record({ input: rate, cachedInput: rate, cacheWrite: rate, output: rate })
const usages = fc.tuple(tokens, tokens, tokens, tokens, tokens).map(([plain, cached, write, said, thought]) => ({
  inputTokens: plain + cached + write,
  cachedInputTokens: cached,
  cacheWriteTokens: write,
  outputTokens: said + thought,
  reasoningTokens: thought,
}))

describe('whatever the price and the call', () => {
  it('the parts sum to the total', () => {
    fc.assert(
      fc.property(prices, usages, (at, usage) => {
        const { totalUsd, ...parts } = costParts(at, usage)
        const sum = Object.values(parts).reduce((total, part) => total + Math.round(part * 1e10), 0)
        expect(sum).toBe(Math.round(totalUsd * 1e10))
        expect(Math.min(...Object.values(parts))).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('it costs no more than the worst case of before', () => {
    fc.assert(
      fc.property(prices, usages, tokens, tokens, (at, usage, uncounted, unsaid) => {
        const worst = worstCaseUsd(at, usage.inputTokens + uncounted, usage.outputTokens + unsaid)
        expect(costUsd(at, usage)).toBeLessThanOrEqual(worst)
        const known = worstCaseUsd(at, usage.inputTokens, usage.outputTokens, usage.cachedInputTokens)
        expect(costUsd(at, usage)).toBeLessThanOrEqual(known)
      }),
    )
  })

  it('the output that a budget leaves room for fits into it', () => {
    fc.assert(
      fc.property(
        prices,
        tokens,
        fc.nat(10_000).map((cents) => cents / 100),
        (at, input, budget) => {
          const output = outputTokensWithin(at, input, budget)
          if (output < 0) expect(worstCaseUsd(at, input, 0)).toBeGreaterThan(budget)
          else if (output < 1e9) expect(worstCaseUsd(at, input, output)).toBeLessThanOrEqual(budget)
        },
      ),
    )
  })
})

describe('a model without a price', () => {
  const table = createPriceTable()

  it('is refused, or counts as the most expensive, as the operator chose', () => {
    const refused = quotePrice(table, 'compatible:llama3', 'refuse')
    expect(refused).toMatchObject({ ok: false, failure: { code: 'configuration' } })
    expect(!refused.ok && refused.failure.message).toContain('no price is known for compatible:llama3')
    expect(quotePrice(table, 'compatible:llama3', 'most_expensive')).toMatchObject({
      ok: true,
      price: { output: 180 },
      note: expect.stringContaining('add a price') as string,
    })
  })

  it('is not one that the table knows', () => {
    const quote = quotePrice(table, 'anthropic:claude-sonnet-5-5', 'refuse')
    expect(quote).toMatchObject({ ok: true, price: { input: 2 }, version: table.version })
    expect(quote).not.toHaveProperty('note')
  })
})
