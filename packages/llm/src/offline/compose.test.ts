import { expect, test } from 'vitest'
import { shortened } from './compose.ts'

test('a long line is cut between words', () => {
  expect(shortened('Quote the evidence', 18)).toBe('Quote the evidence')
  expect(shortened('Quote the evidence with citations, and say why', 39)).toBe(
    'Quote the evidence with citations, and…',
  )
  expect(shortened('Quote the evidence with citations, and say why', 36)).toBe('Quote the evidence with citations…')
})

test('a word without an end is cut, and no longer than it may be', () => {
  expect(shortened('x'.repeat(50), 20)).toBe(`${'x'.repeat(19)}…`)
  expect(shortened(`${'x '.repeat(9)}${'y'.repeat(50)}`, 20).length).toBeLessThanOrEqual(20)
})
