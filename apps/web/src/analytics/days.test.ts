import type { RunStats } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { csvRows, everyDay, seriesDays } from './days.ts'

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
  series: [
    { key: 'infra', rest: false, total: sums, items: [{ day: '2026-11-20', ...sums }] },
    { key: null, rest: true, total: sums, items: [{ day: '2026-11-20', ...sums, runs: 7 }] },
  ],
}
const DAYS = ['2026-11-19', '2026-11-20', '2026-11-21']

it('has every day, also those without a run', () => {
  expect(everyDay(stats).map(({ day, runs }) => [day, runs])).toEqual([
    ['2026-11-19', 0],
    ['2026-11-20', 2],
    ['2026-11-21', 0],
  ])
  expect(stats.series.map((one) => seriesDays(DAYS, one).map(({ runs }) => runs))).toEqual([
    [0, 2, 0],
    [0, 7, 0],
  ])
})

it('is written with a line a day, or a line a day and key', () => {
  expect(csvRows(everyDay(stats), null).slice(0, 2)).toEqual([
    ['2026-11-19', 0, 0, 0, 0, null, null, null, 0, 0],
    ['2026-11-20', 2, 1, 1, 0, 0.5, 1_500, null, 42, 0.25],
  ])
  expect(csvRows(everyDay(stats), stats.series).map((row) => row.slice(0, 3))).toEqual([
    ['2026-11-20', 'infra', 2],
    ['2026-11-20', 'others', 7],
  ])
})
