import { describe, expect, it } from 'vitest'
import * as v from 'valibot'
import { givenLimits, monthOf, raisesLimits, SetWorkspaceBudgetSchema } from './workspace-budget.ts'

describe('a workspace’s month', () => {
  it('begins anew on the first day of the next one, in UTC', () => {
    expect(monthOf(new Date('2026-12-01T00:00:00Z'))).toEqual({
      month: '2026-12',
      resetsAt: '2027-01-01T00:00:00.000Z',
    })
  })

  it('has no limit where none is given, or null', () => {
    expect(givenLimits({ costUsd: 5, tokens: null, seconds: undefined })).toEqual({ costUsd: 5 })
    expect(v.is(SetWorkspaceBudgetSchema, { limits: { costUsd: null, toolCalls: 0 } })).toBe(true)
  })

  it.each([
    { costUsd: -0.01 },
    { costUsd: 1e9 + 1 },
    { tokens: 0 },
    { tokens: 0.5 },
    { toolCalls: -1 },
    { seconds: 0.5 },
  ])('refuses %j', (limits) => {
    expect(v.is(SetWorkspaceBudgetSchema, { limits })).toBe(false)
  })
})

it.each([
  [{ costUsd: 1 }, { costUsd: 2 }, true],
  [{ costUsd: 1, tokens: 5 }, { costUsd: 0.5, tokens: 6 }, true],
  [{ costUsd: 1 }, {}, true],
  [{ costUsd: 1 }, { costUsd: 1, tokens: 5 }, false],
  [{}, { costUsd: 1 }, false],
])('limits %j raised to %j: %j', (before, after, raised) => {
  expect(raisesLimits(before, after)).toBe(raised)
})
