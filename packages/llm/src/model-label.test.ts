import { expect, it } from 'vitest'
import { createModelLabel } from './model-label.ts'
import { createPriceTable } from './pricing.ts'

const free = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 }
const label = createModelLabel({
  models: { defaultModel: 'compatible:llama3.3', utilityModel: 'noop:default' },
  fallbackModels: ['openai:made-up'],
  prices: createPriceTable({ 'openai:gpt-house': free }),
})

it.each([
  ['compatible:llama3.3', 'compatible:llama3.3'],
  ['openai:made-up', 'openai:made-up'],
  ['openai:gpt-house-2026-01-01', 'openai:gpt-house'],
  ['offline:whatever', 'free'],
  ['compatible:never-heard-of-4711', 'other'],
])('%s is told as %s', (ref, told) => expect(label(ref)).toBe(told))
