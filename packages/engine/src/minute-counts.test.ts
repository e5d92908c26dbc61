import { TOLD_MINUTES } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { createRecentCounts } from './minute-counts.ts'

const MINUTE = 60_000
const counts = (...last: number[]): number[] => [
  ...Array.from({ length: TOLD_MINUTES - last.length }, () => 0),
  ...last,
]

it('counts by name and minute, and forgets what is older than it tells', () => {
  let now = 100 * MINUTE + 59_000
  const recent = createRecentCounts(() => now)
  recent.add('plan')
  recent.add('agent:writer', 3)
  recent.add('agent:writer', 0)
  now += 2_000
  recent.add('agent:writer')
  expect(recent.read()).toEqual({ minute: 101, done: { plan: counts(1, 0), 'agent:writer': counts(3, 1) } })
  now += (TOLD_MINUTES - 1) * MINUTE
  expect(recent.read()).toEqual({ minute: 115, done: { 'agent:writer': [1, ...counts().slice(1)] } })
  now += 400 * MINUTE
  expect(recent.read()).toEqual({ minute: 515, done: {} })
})

it('goes on with its minute where the clock is set back', () => {
  let now = 100 * MINUTE
  const recent = createRecentCounts(() => now)
  recent.add('plan')
  now -= 50 * MINUTE
  recent.add('plan')
  expect(recent.read()).toEqual({ minute: 100, done: { plan: counts(2) } })
})
