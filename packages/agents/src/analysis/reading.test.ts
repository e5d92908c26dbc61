import { readFileSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { outlineDocument } from '../planner/outline-document.ts'
import { analyzeByRules } from './analyze-by-rules.ts'
import { documentsRead, PAGE_TOKENS, readingCosts, spread } from './reading.ts'

const role = (name: string) => ({
  role: name,
  description: '',
  capabilities: [],
  tools: ['knowledge_search', 'read_document'],
})
const estimateOf = (goal: string, documents: ReturnType<typeof outlineDocument>[]) =>
  analyzeByRules({
    goal,
    documents,
    mode: 'parallel',
    availableRoles: ['researcher', 'analyst', 'writer', 'reviewer'].map(role),
    plan: null,
    budget: null,
    simulated: true,
    model: 'offline:default',
    stats: [],
    priceUsd: () => 0,
  }).estimate
const large = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ ...outlineDocument(`note-${i}.md`, ''), sizeBytes: 46_000 }))
const EXAMPLES = new URL('../../../../examples/durability/', import.meta.url)
const small = readdirSync(EXAMPLES).map((name) => outlineDocument(name, readFileSync(new URL(name, EXAMPLES), 'utf8')))

/** `used`: what such runs took, the last one after two of its tasks. */
it.each([
  ['6 small files', small, [100_000, 155_000], [100_000, 125_000]],
  ['8 files of 46 kB', large(8), [664_000], [450_000, 800_000]],
  ['24 files of 46 kB', large(24), [618_600], [1_000_000, 2_000_000]],
] as const)('the estimate of a comparison of %s holds what it takes', (_what, documents, used, [least, most]) => {
  const { tokens } = estimateOf('Compare the options and recommend one', [...documents])
  for (const one of used) {
    expect(one).toBeGreaterThan(tokens.low)
    expect(one).toBeLessThan(tokens.high)
  }
  expect(tokens.expected).toBeGreaterThan(least)
  expect(tokens.expected).toBeLessThan(most)
})

it('counts each further page with those before it, four of a document at most', () => {
  const pages = (count: number) => (count * PAGE_TOKENS) / 1.2
  expect(readingCosts([], 4_000)).toEqual({ calls: 0, tokens: 0 })
  expect(readingCosts([1_000, 2_000], 3_000)).toEqual({ calls: 0, tokens: 0 })
  expect(readingCosts([pages(2)], 0)).toEqual({ calls: 1, tokens: 3 * PAGE_TOKENS })
  expect(readingCosts([pages(2), pages(1)], 0)).toEqual({ calls: 1, tokens: 5 * PAGE_TOKENS })
  expect(readingCosts([pages(40)], 0)).toEqual({ calls: 3, tokens: 10 * PAGE_TOKENS })
})

it('takes a task to read the documents that it names, and all that it holds against each other', () => {
  const documents = [
    { name: 'a.md', tokens: 1 },
    { name: 'b.md', tokens: 2 },
    { name: 'c.md', tokens: 3 },
  ]
  const read = (type: string, title: string, goal = '') =>
    documentsRead({ type, title, instructions: '' }, goal, documents)
  expect(read('extract', 'Read a.md and c.md')).toEqual([1, 3])
  expect(read('compare', 'Put them side by side')).toEqual([])
  expect(read('contradictions', 'Find where the documents contradict each other')).toEqual([1, 2, 3])
  expect(read('extract', 'Read b.md', 'Where do these documents contradict each other?')).toEqual([2])
  expect(spread(documents, 2)).toEqual([[1, 3], [2]])
})
