import { amountText, type BudgetDimension, type RunView } from '@flotilla/domain'

export type BudgetLimit = Readonly<{ dimension: BudgetDimension; limit: number }>

/** The limits that are used up by what is spent; a limit of $0 stops nothing that is free. */
const usedUp = ({ spent }: RunView['budget'], limits: readonly BudgetLimit[]): BudgetLimit[] =>
  limits.filter(
    ({ dimension, limit }) => limit <= spent[dimension] && !(dimension === 'costUsd' && spent.costUsd === 0),
  )

/** What follows of limits that are used up, in words; null where none is. */
export function usedUpText(budget: RunView['budget'], limits: readonly BudgetLimit[]): string | null {
  const reached = usedUp(budget, limits)
  if (reached.length === 0) return null
  const amounts = reached.map(
    ({ dimension, limit }) =>
      `${amountText(dimension, budget.spent[dimension])} spent of ${amountText(dimension, limit)}`,
  )
  const then = budget.limits['onExceeded'] === 'pause' ? 'the run pauses' : 'the run fails'
  return `Used up: ${amounts.join(', ')}. Nothing more begins; once something would, ${then}.`
}

const DIMENSIONS: readonly BudgetDimension[] = ['costUsd', 'tokens', 'toolCalls', 'seconds']

export const limitsOf = ({ limits }: RunView['budget']): BudgetLimit[] =>
  DIMENSIONS.flatMap((dimension) => {
    const limit = limits[dimension]
    return typeof limit === 'number' ? [{ dimension, limit }] : []
  })
