import { planIssues } from '@flotilla/domain'
import { expect, test } from 'vitest'
import { drawPlan, goalOf, planNumberOf, requestOf, type ChaosPlan } from './chaos-plan.ts'
import { expectedTasks } from './expected-outcome.ts'

const plans = Array.from({ length: 200 }, (_, i) => drawPlan(5, i + 1))

test('a seed draws the same plans again, and every one of them is a plan', () => {
  expect(plans[3]).toEqual(drawPlan(5, 4))
  expect(plans[3]).not.toEqual(drawPlan(6, 4))
  for (const plan of plans) expect(planIssues(requestOf(plan).plan ?? { tasks: [] })).toEqual([])
})

test('among many plans there is a task of every sort', () => {
  const tasks = plans.flatMap((plan) => plan.tasks)
  for (const sort of ['none', 'passes', 'revises'] as const) {
    expect(tasks.some((task) => task.rule === sort)).toBe(true)
    expect(tasks.some((task) => task.judge === sort)).toBe(true)
  }
  expect(tasks.some((task) => task.toolTurns > 1)).toBe(true)
  expect(tasks.some((task) => task.doomed)).toBe(true)
})

test('only where it is asked for a plan has a task that kills its workers', () => {
  const poisoned = (withPoison: boolean): number =>
    Array.from({ length: 200 }, (_, i) => drawPlan(5, i + 1, { poison: withPoison })).filter(({ tasks }) =>
      tasks.some(({ poison }) => poison),
    ).length
  expect(poisoned(false)).toBe(0)
  expect(poisoned(true)).toBeGreaterThan(0)
})

test('only where it is asked for a plan has a budget, of which the run is told', () => {
  expect(plans.every(({ budget }) => budget === null)).toBe(true)
  const drawn = Array.from({ length: 200 }, (_, i) => drawPlan(5, i + 1, { budgets: true }))
  const told = drawn.find(({ budget }) => budget !== null && budget.ofTask !== null)
  const request = told && requestOf(told)
  expect(request?.budget).toEqual({ ...told?.budget?.limits, onExceeded: told?.budget?.policy })
  expect(request?.plan?.tasks.every((task) => task.budget !== undefined)).toBe(true)
})

test('the goal tells the number of the plan', () => {
  expect(planNumberOf(goalOf(12))).toBe(12)
  expect(planNumberOf('something else')).toBeNull()
})

test('a task comes to one more than the sum of its dependencies, and nothing comes after a doomed one', () => {
  const one = (key: string, deps: number[], doomed = false) =>
    ({
      key,
      role: 'writer',
      deps,
      toolTurns: 0,
      rule: 'none',
      judge: 'none',
      doomed,
      effects: false,
      poison: false,
    }) as const
  const plan: ChaosPlan = {
    number: 1,
    budget: null,
    tasks: [one('t0', []), one('t1', [0]), one('t2', [0, 1]), one('t3', [], true), one('t4', [2, 3]), one('t5', [4])],
  }
  expect(expectedTasks(plan)).toEqual([
    { status: 'completed', value: 1 },
    { status: 'completed', value: 2 },
    { status: 'completed', value: 4 },
    { status: 'failed', value: null },
    { status: 'skipped', value: null },
    { status: 'skipped', value: null },
  ])
})
