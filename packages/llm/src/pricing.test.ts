import { describe, expect, it } from 'vitest'
import { createPriceTable, type Price } from './pricing.ts'

const table = createPriceTable()
const price = (more: Partial<Price> = {}): Price => ({
  input: 2,
  cachedInput: 0.2,
  cacheWrite: 2.5,
  output: 10,
  ...more,
})

describe('priceOf', () => {
  it.each([
    ['anthropic:claude-opus-5-5', 'anthropic:claude-opus-5-5'],
    ['claude-opus-5-5-20260922', 'anthropic:claude-opus-5-5'],
    ['anthropic:claude-opus-5', 'anthropic:claude-opus-5'],
    ['anthropic:claude-opus-4-1-20250805', 'anthropic:claude-opus-4'],
    ['openai:gpt-5-2025-08-07', 'openai:gpt-5'],
    ['openai:gpt-5-mini', 'openai:gpt-5-mini'],
    ['gpt-5.5-pro', 'openai:gpt-5.5-pro'],
  ])('finds %s under %s', (model, entry) => {
    expect(table.priceOf(model)).toMatchObject({ known: true, entry })
  })

  it.each(['openai:gpt-5.9', 'openai:gpt-50', 'compatible:llama3', 'anthropic:claude-next', 'nonsense'])(
    'reckons the unknown %s as the most expensive, and says so',
    (model) => {
      const found = table.priceOf(model)
      expect(found).toMatchObject({ known: false, price: { input: 30, output: 180 } })
      expect(!found.known && found.note).toContain('add a price')
    },
  )

  it.each(['offline:default', 'scripted:x', 'noop:x'])('knows that %s is free', (model) => {
    expect(table.priceOf(model)).toMatchObject({ known: true, price: { input: 0, output: 0 } })
  })

  it('takes the operator’s prices over its own', () => {
    const own = createPriceTable({ 'compatible:': price({ input: 0, output: 0 }), 'openai:gpt-5': price({ input: 9 }) })
    expect(own.priceOf('compatible:llama3:8b')).toMatchObject({ known: true, price: { input: 0 } })
    expect(own.priceOf('openai:gpt-5')).toMatchObject({ price: { input: 9 } })
    expect(() => createPriceTable({ 'openai:x': { input: -1 } })).toThrow('"openai:x" input: expected US dollars')
  })

  it('says when its prices were read', () => {
    expect(Date.parse(table.asOf)).toBeGreaterThan(Date.UTC(2026, 0, 1))
  })

  it('names the operator’s entries in its version, whatever their order', () => {
    const [a, b] = [price({ input: 1 }), price({ input: 2 })]
    const own = createPriceTable({ 'compatible:a': a, 'compatible:b': b }).version
    expect(own).toMatch(/^1 \(\d{4}-\d\d-\d\d\) \+ [0-9a-f]{8}$/)
    expect(createPriceTable({ 'compatible:b': b, 'compatible:a': a }).version).toBe(own)
    expect(createPriceTable({ 'compatible:a': b, 'compatible:b': a }).version).not.toBe(own)
    expect(table.version).not.toContain('+')
  })
})
