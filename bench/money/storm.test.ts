import type { JournalEntry } from '@flotilla/testing/model-server'
import { expect, test } from 'vitest'
import { createRefusals, figuresOf } from './storm.ts'

const entry = (at: number, status: 200 | 429): JournalEntry => ({
  number: at,
  protocol: 'anthropic',
  model: 'm',
  key: 'k',
  turn: 1,
  first: '',
  at,
  status,
  tokens: status === 200 ? { input: 60, cached: 1000, written: 20, output: 20, thinking: 0 } : null,
  end: null,
  endedAt: null,
})

const seen = {
  closings: [{ from: 1010, until: 3000 }],
  window: { from: 13_000, until: 23_000 },
  entries: [
    entry(500, 200),
    entry(1000, 429),
    entry(1005, 429),
    entry(1011, 200),
    entry(3000, 429),
    ...Array.from({ length: 19 }, (_, i) => entry(13_000 + i * 500, 200)),
    entry(23_000, 200),
  ],
}

test('the use of a limit is counted within the window, and each call on a closed lane is told', () => {
  const figures = figuresOf(seen, { requests: 120 })
  expect(figures).toMatchObject({ share: 95, refused: 3, refusedAgain: 1, closings: 1, onClosed: 1, lateMs: 1 })
  expect(figures.sinceFirst).toBeCloseTo((100 * 20) / 44)
})

test('tokens are counted as the provider does, without what its cache had', () => {
  expect(figuresOf(seen, { tokens: 12_000 }).share).toBe(95)
})

test('a provider refuses for a moment, however late the first call comes that it refuses', () => {
  const clock = { now: 0 }
  const answer = createRefusals(() => clock.now)
  const statusAt = (now: number): number => {
    clock.now = now
    return answer().status ?? 200
  }
  expect([0, 2999, 9000, 9499, 9500, 20_000].map(statusAt)).toEqual([200, 200, 429, 429, 200, 200])
})
