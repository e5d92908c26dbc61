import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import {
  BudgetLimitsSchema,
  checkBudget,
  describeBudgetStop,
  NO_SPEND,
  type BudgetLimits,
  type Spent,
} from './budget.ts'

const dimensions = ['tokens', 'costUsd', 'toolCalls', 'seconds'] as const
const amounts = fc.record({ tokens: fc.nat(100), costUsd: fc.nat(100), toolCalls: fc.nat(100), seconds: fc.nat(100) })

describe('checkBudget', () => {
  it('lets everything through without limits', () => {
    fc.assert(
      fc.property(
        amounts,
        fc.constantFrom('model', 'tool'),
        (spent, call) => void expect(checkBudget('run', {}, spent, call)).toEqual({ ok: true }),
      ),
    )
  })

  it('stops a call exactly when a limit that concerns it is reached', () => {
    fc.assert(
      fc.property(amounts, amounts, fc.constantFrom('model', 'tool'), (limits: BudgetLimits, spent: Spent, call) => {
        const concerned = dimensions.filter(
          (d) => d === 'seconds' || (call === 'model' ? d !== 'toolCalls' : d === 'toolCalls'),
        )
        const reached = concerned.some(
          (d) => spent[d] >= (limits[d] as number) && !(d === 'costUsd' && limits.costUsd === 0 && spent.costUsd === 0),
        )
        expect(checkBudget('run', limits, spent, call).ok).toBe(!reached)
      }),
    )
  })

  it('never lets through more after more was spent', () => {
    fc.assert(
      fc.property(amounts, amounts, amounts, (limits, spent, more) => {
        const later = Object.fromEntries(dimensions.map((d) => [d, spent[d] + more[d]])) as Spent
        if (checkBudget('task', limits, later, 'model').ok)
          expect(checkBudget('task', limits, spent, 'model').ok).toBe(true)
      }),
    )
  })

  it('forbids the first tool call at a limit of 0, but not the first call of a model that costs nothing', () => {
    expect(checkBudget('run', { toolCalls: 0 }, NO_SPEND, 'tool')).toMatchObject({ ok: false, dimension: 'toolCalls' })
    expect(checkBudget('run', { costUsd: 0 }, NO_SPEND, 'model').ok).toBe(true)
    expect(checkBudget('run', { costUsd: 0 }, { ...NO_SPEND, costUsd: 0.001 }, 'model').ok).toBe(false)
  })

  it('says whose limit of what is used up', () => {
    const stop = checkBudget('task', { tokens: 10 }, { ...NO_SPEND, tokens: 12 }, 'model')
    expect(stop.ok ? '' : describeBudgetStop(stop)).toBe("the task's budget of 10 tokens is used up (12 tokens spent)")
  })
})

describe('BudgetLimitsSchema', () => {
  it.each([
    { tokens: 0 },
    { tokens: 1.5 },
    { costUsd: -1 },
    { seconds: 0 },
    { toolCalls: -1 },
    { tokens: '5' },
    { calls: 1 },
  ])('refuses %j', (limits) => {
    expect(v.safeParse(BudgetLimitsSchema, limits).success).toBe(false)
  })
})
