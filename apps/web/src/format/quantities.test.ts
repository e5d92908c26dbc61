import { describe, expect, it } from 'vitest'
import { bytes, count, percent, plural, usd } from './quantities.ts'
import { ago, elapsedMs } from './times.ts'

describe('quantities', () => {
  it.each([
    [830, '830'],
    [9_999, '9,999'],
    [12_400, '12.4k'],
    [999_960, '1.00M'],
  ])('counts %d as %s', (value, text) => expect(count(value)).toBe(text))

  it('gives every number its unit', () => {
    expect([usd(0), usd(0.25), percent(0.874), bytes(1_500), plural(1, 'task'), plural(2, 'task')]).toEqual([
      '$0',
      '$0.25',
      '87 %',
      '1.5 kB',
      '1 task',
      '2 tasks',
    ])
  })
})

describe('times', () => {
  const now = Date.parse('2026-11-21T12:00:00Z')
  it.each([
    ['2026-11-21T11:59:58Z', 'now'],
    ['2026-11-21T11:59:18Z', '42 s ago'],
    ['2026-11-21T11:55:00Z', '5 min ago'],
    ['2026-11-21T09:00:00Z', '3 h ago'],
  ])('tells %s as %s', (iso, text) => expect(ago(iso, now)).toBe(text))

  it('measures what runs until now, and nothing that has not begun', () => {
    expect(elapsedMs('2026-11-21T11:59:00Z', null, now)).toBe(60_000)
    expect(elapsedMs('2026-11-21T11:59:00Z', '2026-11-21T11:59:10Z', now)).toBe(10_000)
    expect(elapsedMs(null, null, now)).toBeNull()
  })
})
