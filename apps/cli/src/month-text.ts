import {
  amountText,
  BUDGET_DIMENSIONS,
  BUDGET_WARN_AT,
  exact,
  percentText,
  type Analysis,
  type WorkspaceBudget,
} from '@flotilla/domain'

type Month = Pick<WorkspaceBudget, 'limits' | 'reserved' | 'spent'>

/** Limits of the month of which nothing is left, or little: calls whose worst case does not fit are stopped before that. */
export const monthNearlyUsedUp = ({ limits, reserved, spent }: Month): string[] =>
  BUDGET_DIMENSIONS.flatMap((dimension) => {
    const limit = limits[dimension]
    if (limit === undefined) return []
    const used = exact(spent[dimension] + reserved[dimension])
    const share = limit === 0 ? 1 : used / limit
    if (share < BUDGET_WARN_AT) return []
    const left = amountText(dimension, Math.max(0, exact(limit - used)), 'down')
    return [`${percentText(share)} of the month's ${amountText(dimension, limit)} are spent or held: ${left} left`]
  })

/** What a request is expected to take of the month, where that is more than is left of it. Time worked is not estimated. */
export const aboveMonth = ({ limits, reserved, spent }: Month, estimate: Analysis['estimate']): string[] =>
  (['costUsd', 'tokens'] as const).flatMap((dimension) => {
    const [limit, { expected }] = [limits[dimension], estimate[dimension]]
    const left = limit === undefined ? Infinity : Math.max(0, exact(limit - spent[dimension] - reserved[dimension]))
    if (expected <= left) return []
    return [
      `the request is expected to take ${amountText(dimension, expected, 'up')}, and ${amountText(dimension, left, 'down')} of the month's budget are left: raise it with \`flotilla budget set\``,
    ]
  })
