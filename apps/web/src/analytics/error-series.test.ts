import { COMPONENTS, ERROR_CODES, componentOf, type ErrorStats } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { errorRows, errorSeries } from './error-series.ts'

const item = (code: ErrorStats['items'][number]['code'], name: string | null, ...errors: number[]) => ({
  component: componentOf(code),
  code,
  name,
  errors: errors.reduce((a, b) => a + b, 0),
  runs: 1,
  days: errors.map((n, i) => ({ day: `2026-11-${20 + i}`, errors: n })),
})
const stats: ErrorStats = {
  from: '2026-11-20T00:00:00.000Z',
  to: '2026-11-22T09:00:00.000Z',
  total: 0,
  items: [item('tool_failed', 'http_fetch', 2), item('model_timeout', 'a:b', 1, 4), item('model_auth', 'c:d', 0, 1)],
  rest: 0,
}

it('has a line for each component, with the runs of all its errors', () =>
  expect(errorSeries(stats, { mode: 'parallel' }).map(({ label, values, runs }) => [label, values, runs])).toEqual([
    ['model', [1, 5, 0], { mode: 'parallel', error: 'model_timeout,model_auth' }],
    ['tool', [2, 0, 0], { mode: 'parallel', error: 'tool_failed' }],
  ]))

it('has one line for what is beyond those with a look of their own', () => {
  const all = { ...stats, items: ERROR_CODES.map((code) => item(code, null, 1)) }
  const series = errorSeries(all, {})
  expect(series.map(({ label }) => label).at(-1)).toBe('others')
  expect(series.length).toBeLessThan(COMPONENTS.length)
  expect(series.reduce((sum, { values }) => sum + (values[0] ?? 0), 0)).toBe(ERROR_CODES.length)
})

it('is written by day', () =>
  expect(errorRows(stats).map((row) => row.join(' '))).toEqual([
    '2026-11-20 tool tool_failed http_fetch 2',
    '2026-11-20 model model_timeout a:b 1',
    '2026-11-20 model model_auth c:d 0',
    '2026-11-21 model model_timeout a:b 4',
    '2026-11-21 model model_auth c:d 1',
  ]))
