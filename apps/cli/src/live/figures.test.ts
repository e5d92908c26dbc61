import { expect, test } from 'vitest'
import { count } from './figures.ts'

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
