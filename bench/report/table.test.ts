import { describe, expect, it, test } from 'vitest'
import { formatNumber, formatSpread, renderTable, rowsOf } from './table.ts'

const measured = [
  { subject: ['chain-10', 'redis'], values: { rate: 1200, p50: 10 } },
  { subject: ['fan-100', 'redis'], values: { rate: 3000 } },
  { subject: ['chain-10', 'redis'], values: { rate: 1000, p50: 12 } },
]

test('repetitions of one subject make one row, in the order in which they came', () => {
  expect(rowsOf(measured)).toEqual([
    {
      subject: ['chain-10', 'redis'],
      values: { rate: { median: 1100, min: 1000, max: 1200, n: 2 }, p50: { median: 11, min: 10, max: 12, n: 2 } },
    },
    { subject: ['fan-100', 'redis'], values: { rate: { median: 3000, min: 3000, max: 3000, n: 1 } } },
  ])
})

test('a table is Markdown, aligned, with a dash where nothing was measured', () => {
  const columns = [
    { key: 'rate', title: 'tasks/s' },
    { key: 'p50', title: 'p50 ms' },
  ]
  expect(renderTable(['shape', 'queue'], columns, rowsOf(measured))).toBe(
    [
      '| shape    | queue |             tasks/s |     p50 ms |',
      '|----------|-------|--------------------:|-----------:|',
      '| chain-10 | redis | 1,100 (1,000–1,200) | 11 (10–12) |',
      '| fan-100  | redis |               3,000 |          - |',
    ].join('\n'),
  )
})

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [40, '40'],
    [0.0421, '0.042'],
    [0.99951, '1.00'],
    [1.234, '1.23'],
    [9.999, '10.0'],
    [12.34, '12.3'],
    [99.96, '100'],
    [12_345.6, '12,346'],
  ])('%d is %s', (value, expected) => {
    expect(formatNumber(value)).toBe(expected)
  })
})

test('a single repetition shows no range', () => {
  expect(formatSpread({ median: 5, min: 5, max: 5, n: 1 })).toBe('5')
})
