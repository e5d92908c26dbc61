import { describe, expect, it, test } from 'vitest'
import { median, percentile, spreadOf } from './statistics.ts'

describe('median', () => {
  it.each([
    [[5], 5],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected)
  })
})

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
  it.each([
    [hundred, 50, 50],
    [hundred, 95, 95],
    [hundred, 100, 100],
    [hundred, 0, 1],
    [[7], 95, 7],
    [[1, 2, 3], 95, 3],
    [[1, 2, 3], 50, 2],
  ])('of %j at %d %% is %d', (values, percent, expected) => {
    expect(percentile(values, percent)).toBe(expected)
  })
})

test('a spread leaves its values as they were', () => {
  const values = [3, 1, 2]
  expect(spreadOf(values)).toEqual({ median: 2, min: 1, max: 3, n: 3 })
  expect(values).toEqual([3, 1, 2])
})

test('nothing measured is an error, not a zero', () => {
  expect(() => spreadOf([])).toThrow('no values were measured')
  expect(() => percentile([], 50)).toThrow(RangeError)
})
