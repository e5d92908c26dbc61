import { expect, test } from 'vitest'
import { count, duration } from './figures.ts'

test('durations', () => {
  expect([-5, 0, 999, 59_999, 60_000, 3_599_000, 3_600_000, 7_384_000].map(duration)).toEqual([
    '0s',
    '0s',
    '0s',
    '59s',
    '1:00',
    '59:59',
    '1:00:00',
    '2:03:04',
  ])
})

test('counts', () => {
  expect([0, 999, 1_000, 9_949, 9_950, 31_400, 999_499, 999_500, 4_000_000].map(count)).toEqual([
    '0',
    '999',
    '1.0k',
    '9.9k',
    '10k',
    '31k',
    '999k',
    '1.0M',
    '4.0M',
  ])
})
