import { expect, it } from 'vitest'
import { metricsUrlOf, seriesOf } from './metrics.ts'

it('finds a series by its whole name', () => {
  const text = '# HELP late How late.\nlate{quantile="0.5"} 0.001\nlate{quantile="0.99"} 0.25\nlater 7\n'
  expect(seriesOf(text, 'late{quantile="0.99"}')).toBe(0.25)
  expect(seriesOf(text, 'later')).toBe(7)
  expect(seriesOf(text, 'late')).toBeNaN()
})

it('finds where metrics are, and says when a worker tells of none', () => {
  expect(metricsUrlOf('{"level":30}\n{"event":"ready","worker":"w","metricsPort":4711}\n')).toBe(
    'http://127.0.0.1:4711/metrics',
  )
  expect(() => metricsUrlOf('{"event":"ready","worker":"w"}\n')).toThrow('no port of its metrics')
})
