import type { BudgetLimits, CrossingPolicy } from '@flotilla/domain'
import { createRandom, type Random } from '../random.ts'
import { HELD } from './prices.ts'

export type ChaosBudget = Readonly<{
  policy: CrossingPolicy
  /** It is likely to run out, and then the policy decides; a generous one never does. */
  binds: boolean
  limits: BudgetLimits
  /** Of each of its tasks. */
  ofTask: BudgetLimits | null
}>

const SORTS = ['binding', 'none', 'generous', 'binding', 'none'] as const
const POLICIES = ['fail', 'degrade', 'pause'] as const

/** The budget of plan `number`; null for a plan without one. By turns, so that a short campaign too has one of each sort. */
export function drawBudget(seed: number, number: number): ChaosBudget | null {
  const random = createRandom(seed, 'budget', number)
  const policy = POLICIES[number % POLICIES.length] ?? 'fail'
  switch (SORTS[number % SORTS.length]) {
    case 'binding':
      return binding(random, policy)
    case 'generous':
      return { policy, binds: false, limits: times(100), ofTask: random.chance(0.5) ? times(50) : null }
    default:
      return null
  }
}

/** Tokens or money, for a few calls side by side and up to twenty in all. A task's own budget cannot be topped up. */
function binding(random: Random, policy: CrossingPolicy): ChaosBudget {
  const ofTask =
    policy !== 'pause' && random.chance(0.3) ? { tokens: Math.round(HELD.tokens * random.between(1.1, 1.5)) } : null
  const { tokens, costUsd } = times(random.between(1.3, 3.5))
  return { policy, binds: true, limits: random.chance(0.5) ? { tokens } : { costUsd }, ofTask }
}

const times = (factor: number): Required<Pick<BudgetLimits, 'tokens' | 'costUsd'>> => ({
  tokens: Math.round(HELD.tokens * factor),
  costUsd: Math.round(HELD.costUsd * factor * 1e6) / 1e6,
})

/** What a person gives a run that has used its budget up: half as much again, and another call. */
export function toppedUp({ tokens, costUsd }: BudgetLimits): BudgetLimits {
  return {
    ...(tokens !== undefined && { tokens: Math.round(tokens * 1.5 + HELD.tokens) }),
    ...(costUsd !== undefined && { costUsd: costUsd * 1.5 + HELD.costUsd }),
  }
}

/** Whether a task may fail for its budget, and what depends on it be skipped. */
export const mayRunOut = (budget: ChaosBudget | null): boolean =>
  budget !== null && budget.binds && budget.policy !== 'pause'
