import { expect, it } from 'vitest'
import { laterCounts, perMinute, sumCounts, TOLD_MINUTES } from './worker-told.ts'

const counts = (...last: number[]): number[] => [
  ...Array.from({ length: TOLD_MINUTES - last.length }, () => 0),
  ...last,
]

it('counts move on with the minutes, and are empty in the end', () => {
  expect(laterCounts(counts(1, 2), 0)).toEqual(counts(1, 2))
  expect(laterCounts(counts(1, 2), 2)).toEqual(counts(1, 2, 0, 0))
  expect(laterCounts(counts(1, 2), 400)).toEqual(counts(0))
  // A worker whose clock is ahead.
  expect(laterCounts(counts(1, 2), -1)).toEqual(counts(1, 2))
})

it('what workers told at different times is summed minute by minute', () => {
  const sums = sumCounts(
    [
      { minute: 10, done: { plan: counts(1), 'agent:writer': counts(4, 4) } },
      { minute: 12, done: { 'agent:writer': counts(2, 3), learn: counts(0) } },
      { minute: -90, done: { verify: counts(7) } },
    ],
    12,
  )
  expect(Object.fromEntries(sums)).toEqual({ plan: counts(1, 0, 0), 'agent:writer': counts(4, 4, 2, 3) })
})

it('a rate is over five minutes, of which the last is not over', () => {
  expect(perMinute(counts(90, 9, 9, 9, 9, 9), 60_000 * 7 + 30_000)).toBe(10)
  expect(perMinute(counts(0), 0)).toBe(0)
})
