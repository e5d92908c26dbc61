import type { RunStats } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { csvOf, everyDay } from './days.ts'

const sums = {
  runs: 2,
  completed: 1,
  failed: 1,
  cancelled: 0,
  successRate: 0.5,
  meanDurationMs: 1_500,
  meanQuality: null,
  tokens: 42,
  costUsd: 0.25,
}
const stats: RunStats = {
  from: '2026-11-19T10:00:00.000Z',
  to: '2026-11-21T09:00:00.000Z',
  by: 'day',
  total: sums,
  items: [{ key: '2026-11-20', ...sums }],
  quality: [],
  errors: [],
}

it('has every day, also those without a run', () =>
  expect(everyDay(stats).map(({ day, runs }) => [day, runs])).toEqual([
    ['2026-11-19', 0],
    ['2026-11-20', 2],
    ['2026-11-21', 0],
  ]))

it('writes a line a day, and nothing for what is not known', () =>
  expect(csvOf(everyDay(stats)).split('\r\n').slice(0, 3)).toEqual([
    'day,runs,completed,failed,cancelled,successRate,meanDurationMs,meanQuality,tokens,costUsd',
    '2026-11-19,0,0,0,0,,,,0,0',
    '2026-11-20,2,1,1,0,0.5,1500,,42,0.25',
  ]))
