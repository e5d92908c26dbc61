import { expect, it } from 'vitest'
import { axisTicks, sumSpans } from './timeline-scale.ts'

it('puts round times on the axis, never more than six', () => {
  expect(axisTicks(4_000)).toEqual([0, 1_000, 2_000, 3_000])
  expect(axisTicks(95_000)).toEqual([0, 20_000, 40_000, 60_000, 80_000])
  for (const ms of [1, 7, 999, 12_345, 3_700_000, 90_000_000]) expect(axisTicks(ms).length).toBeLessThanOrEqual(6)
})

it('sums what lasts until now', () =>
  expect(
    sumSpans(
      [
        { kind: 'model', from: 0, to: 5 },
        { kind: 'tool', from: 5, to: 6 },
        { kind: 'model', from: 6, to: null },
      ],
      10,
    ),
  ).toEqual({ wait: 0, gate: 0, model: 9, tool: 1, verify: 0, other: 0 }))
