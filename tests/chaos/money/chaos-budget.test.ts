import { expect, test } from 'vitest'
import { drawBudget, mayRunOut, toppedUp } from './chaos-budget.ts'

const budgets = Array.from({ length: 300 }, (_, i) => drawBudget(5, i + 1))

test('a seed draws the same budgets again', () => {
  expect(budgets[7]).toEqual(drawBudget(5, 8))
})

test('among many plans there is a budget of every sort', () => {
  expect(budgets).toContain(null)
  for (const policy of ['fail', 'degrade', 'pause'])
    for (const binds of [true, false])
      expect(budgets.some((one) => one?.policy === policy && one.binds === binds)).toBe(true)
  const binding = budgets.flatMap((one) => (one?.binds ? [one] : []))
  expect(binding.some(({ limits }) => limits.tokens !== undefined)).toBe(true)
  expect(binding.some(({ limits }) => limits.costUsd !== undefined)).toBe(true)
  expect(binding.some(({ ofTask }) => ofTask !== null)).toBe(true)
})

test('no run rests for ever: a budget that nobody can top up does not pause', () => {
  expect(budgets.filter((one) => one?.binds && one.policy === 'pause' && one.ofTask !== null)).toEqual([])
})

test('only what binds and does not pause may leave work undone', () => {
  expect(budgets.filter(mayRunOut).every((one) => one?.binds && one.policy !== 'pause')).toBe(true)
  expect(mayRunOut(null)).toBe(false)
})

test('a top-up has room for another call, in what is limited', () => {
  expect(toppedUp({ tokens: 10_000 })).toEqual({ tokens: 20_600 })
  expect(Object.keys(toppedUp({ costUsd: 0.1 }))).toEqual(['costUsd'])
})
