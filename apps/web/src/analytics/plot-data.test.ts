import { expect, it } from 'vitest'
import { seriesAt, stacked } from './plot-data.ts'

const [a, b] = [{ values: [1, 0, 5] }, { values: [2, 3, null] }]

it('stacks what is counted', () =>
  expect(stacked([a.values, b.values])).toEqual([
    [1, 0, 5],
    [3, 3, 5],
  ]))

it.each([
  [0, 0.5, a],
  [0, 2.5, b],
  [0, 3.5, undefined],
  [1, 2, b],
  [2, 4, a],
])('of day %i a click at %d is meant for the band there', (idx, value, expected) =>
  expect(seriesAt([a, b], true, { idx, value, valuePerPx: 0.1 })).toBe(expected),
)

it.each([
  [0, 1.2, a],
  [0, 1.9, b],
  [0, 9, undefined],
  [2, 4, a],
])('of day %i a click at %d is meant for the line near it', (idx, value, expected) =>
  expect(seriesAt([a, b], false, { idx, value, valuePerPx: 0.1 })).toBe(expected),
)
