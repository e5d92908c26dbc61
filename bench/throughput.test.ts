import { expect, test } from 'vitest'
import { runsFor } from './throughput.ts'

test('as many runs as last the time, within bounds', () => {
  expect(runsFor({ count: 40, ms: 400, seconds: 5, most: 5_000 })).toBe(500)
  expect(runsFor({ count: 40, ms: 10, seconds: 5, most: 5_000 })).toBe(5_000)
  expect(runsFor({ count: 4, ms: 8_000, seconds: 5, most: 500 })).toBe(4)
})
