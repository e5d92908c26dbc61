import type { BudgetDimension, CrossingPolicy, RunView } from '@flotilla/domain'
import { amount } from '../format/amounts.ts'
import { policyOf } from './policy-text.ts'

export type BudgetLimit = Readonly<{ dimension: BudgetDimension; limit: number }>

/** The limits that are used up by what is spent; a limit of $0 stops nothing that is free. */
const usedUp = ({ spent }: RunView['budget'], limits: readonly BudgetLimit[]): BudgetLimit[] =>
  limits.filter(
    ({ dimension, limit }) => limit <= spent[dimension] && !(dimension === 'costUsd' && spent.costUsd === 0),
  )

const THEN: Readonly<Record<CrossingPolicy, string>> = {
  degrade: 'a cheaper or shorter call is tried, and where none fits its task fails',
  pause: 'the run pauses until the limit is raised',
  fail: 'its task fails',
}

/** What follows of limits that are used up, in words; null where none is. */
export function usedUpText(budget: RunView['budget'], limits: readonly BudgetLimit[]): string | null {
  const reached = usedUp(budget, limits)
  if (reached.length === 0) return null
  const amounts = reached.map(
    ({ dimension, limit }) => `${amount(dimension, budget.spent[dimension])} spent of ${amount(dimension, limit)}`,
  )
  return `Used up: ${amounts.join(', ')}. Nothing more begins as it was meant to; once something would, ${THEN[policyOf(budget)]}.`
}

const DIMENSIONS: readonly BudgetDimension[] = ['costUsd', 'tokens', 'toolCalls', 'seconds']

export const limitsOf = ({ limits }: RunView['budget']): BudgetLimit[] =>
  DIMENSIONS.flatMap((dimension) => {
    const limit = limits[dimension]
    return typeof limit === 'number' ? [{ dimension, limit }] : []
  })
