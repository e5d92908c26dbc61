import * as v from 'valibot'
import { amountText } from './amount-text.ts'
import { foundText, strictFields } from './strict-fields.ts'

/** The least and the most of each limit; at most what the record's columns hold. */
export const BUDGET_RANGES = {
  tokens: [1, 1e12],
  costUsd: [0, 1e9],
  toolCalls: [0, 1e12],
  seconds: [1, 1e9],
} as const

const limit = (what: string, [least, most]: readonly [least: number, most: number]) => {
  const expected = `expected ${what} from ${least} to ${most.toLocaleString('en')}`
  const found = (issue: { input: number }): string => `${expected}, found ${issue.input}`
  return v.pipe(
    v.number((issue) => `${expected}, found ${foundText(issue)}`),
    v.minValue(least, found),
    v.maxValue(most, found),
  )
}
const whole = (what: string, range: readonly [least: number, most: number]) =>
  v.pipe(
    limit(`a whole ${what}`, range),
    v.integer((issue) => `expected a whole ${what}, found ${issue.input}`),
  )

/** Limits of a run or task stand in its budget itself, those of a month in its `limits`. */
export const LIMITS_EXAMPLE = '{"costUsd": 5}'

export const BudgetLimitsSchema = v.pipe(
  strictFields(
    {
      tokens: v.optional(whole('number of tokens', BUDGET_RANGES.tokens)),
      costUsd: v.optional(limit('an amount in US dollars', BUDGET_RANGES.costUsd)),
      toolCalls: v.optional(whole('number of tool calls', BUDGET_RANGES.toolCalls)),
      seconds: v.optional(limit('a number of seconds', BUDGET_RANGES.seconds)),
    },
    LIMITS_EXAMPLE,
  ),
  v.metadata({ ref: 'BudgetLimits' }),
)
export type BudgetLimits = Readonly<v.InferOutput<typeof BudgetLimitsSchema>>

export const SpentSchema = v.pipe(
  v.object({ tokens: v.number(), costUsd: v.number(), toolCalls: v.number(), seconds: v.number() }),
  v.metadata({ ref: 'Spent' }),
)
/** What was used so far; `seconds` of a run are wall time without pauses, of a task or a month time worked. */
export type Spent = Readonly<v.InferOutput<typeof SpentSchema>>

export const NO_SPEND: Spent = { tokens: 0, costUsd: 0, toolCalls: 0, seconds: 0 }

export type BudgetDimension = 'tokens' | 'costUsd' | 'toolCalls' | 'seconds'
export type BudgetCheck =
  | { ok: true }
  | { ok: false; scope: 'run' | 'task'; dimension: BudgetDimension; limit: number; spent: number }

const MODEL_CALL: readonly BudgetDimension[] = ['tokens', 'costUsd', 'seconds']
const TOOL_CALL: readonly BudgetDimension[] = ['toolCalls', 'seconds']

/** No call begins once the counted spend has reached a limit. A limit of 0 forbids the first call. */
export function checkBudget(
  scope: 'run' | 'task',
  limits: BudgetLimits,
  spent: Spent,
  call: 'model' | 'tool',
): BudgetCheck {
  for (const dimension of call === 'model' ? MODEL_CALL : TOOL_CALL) {
    const cap = limits[dimension]
    if (cap === undefined || spent[dimension] < cap) continue
    // A free model costs nothing, so a limit of $0 does not stop it before anything was spent.
    if (dimension === 'costUsd' && cap === 0 && spent.costUsd === 0) continue
    return { ok: false, scope, dimension, limit: cap, spent: spent[dimension] }
  }
  return { ok: true }
}

export function describeBudgetStop(stop: Extract<BudgetCheck, { ok: false }>): string {
  const { scope, dimension, limit: most, spent } = stop
  return `the ${scope}'s budget of ${amountText(dimension, most)} is used up (${amountText(dimension, spent)} spent)`
}
