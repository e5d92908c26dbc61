import type { Analysis, Spent, WorkspaceBudget } from '@flotilla/domain'
import { expect, test } from 'vitest'
import { aboveMonth, monthNearlyUsedUp } from './month-text.ts'

const NONE: Spent = { tokens: 0, costUsd: 0, toolCalls: 0, seconds: 0 }
const month = (limits: WorkspaceBudget['limits'], costUsd: number, held = 0) => ({
  limits,
  reserved: { ...NONE, costUsd: held },
  spent: { ...NONE, costUsd },
})
const range = (expected: number) => ({ low: 0, expected, high: 2 * expected })
const estimate = (costUsd: number): Analysis['estimate'] => ({
  tasks: 1,
  parallelism: 1,
  tokens: range(500),
  costUsd: range(costUsd),
  seconds: range(1),
})

test('a month is nearly used up from 80 % on, what is held included', () => {
  expect(monthNearlyUsedUp(month({ costUsd: 10 }, 7.9))).toEqual([])
  expect(monthNearlyUsedUp(month({ costUsd: 10 }, 7.5, 1))).toEqual([
    "85 % of the month's $10.00 are spent or held: $1.50 left",
  ])
  expect(monthNearlyUsedUp(month({ costUsd: 10 }, 10.2))).toEqual([
    "102 % of the month's $10.00 are spent or held: $0 left",
  ])
  expect(monthNearlyUsedUp(month({ toolCalls: 0 }, 0))).toEqual([
    "100 % of the month's 0 tool calls are spent or held: 0 tool calls left",
  ])
  expect(monthNearlyUsedUp(month({}, 99))).toEqual([])
})

test('an estimate is held against what is left of the month', () => {
  expect(aboveMonth(month({ costUsd: 10 }, 7), estimate(3))).toEqual([])
  expect(aboveMonth(month({}, 7), estimate(300))).toEqual([])
  expect(aboveMonth(month({ costUsd: 10 }, 7, 2.5), estimate(0.75))).toEqual([
    "the request is expected to take $0.75, and $0.50 of the month's budget are left: raise it with `flotilla budget set`",
  ])
  expect(aboveMonth(month({ tokens: 400 }, 0), estimate(0))).toHaveLength(1)
})
