import type { BudgetDimension, Rounding } from '@flotilla/domain'
import { dollars } from '@flotilla/domain'
import { duration, plural, usd } from './quantities.ts'

/** What the seconds of a budget are: of a run clock time, of a task or a month the sum of what its calls took. */
export type BudgetTime = 'clock' | 'worked'

const NAMES = { costUsd: 'Cost', tokens: 'Tokens', toolCalls: 'Tool calls' } as const
export const BUDGET_NAMES: Readonly<Record<BudgetTime, Readonly<Record<BudgetDimension, string>>>> = {
  clock: { ...NAMES, seconds: 'Time without pauses' },
  worked: { ...NAMES, seconds: 'Time worked' },
}

export const WORKED_TEXT =
  'Time worked is what its calls took, added up: side by side they count each for itself, and waits do not count.'

/** An amount of a budget as it is told everywhere: `$0.25`, `12,400 tokens`, `3 tool calls`, `2 min 5 s`. */
export function amount(dimension: BudgetDimension, value: number, rounding?: Rounding): string {
  switch (dimension) {
    case 'costUsd':
      return rounding === undefined ? usd(value) : dollars(value, rounding)
    case 'tokens':
      return plural(value, 'token')
    case 'toolCalls':
      return plural(value, 'tool call')
    case 'seconds':
      return seconds(rounding === 'up' ? Math.ceil(value) : value)
  }
}

/** The same where its unit stands above it. */
export const bareAmount = (dimension: BudgetDimension, value: number): string =>
  dimension === 'tokens' || dimension === 'toolCalls' ? value.toLocaleString('en') : amount(dimension, value)

/** The same in a column: seconds have as many digits in each row. */
export const columnAmount = (dimension: BudgetDimension, value: number): string =>
  dimension === 'seconds' && value > 0 ? duration(value * 1_000) : bareAmount(dimension, value)

/** Budgets count in seconds, and mostly whole ones. */
const seconds = (value: number): string => (value === 0 ? '0 s' : duration(value * 1_000).replace('.0 s', ' s'))
