import * as v from 'valibot'

const limit = (message: string) => v.pipe(v.number(message), v.minValue(0, message), v.maxValue(1e12, message))

export const BudgetLimitsSchema = v.pipe(
  v.strictObject({
    tokens: v.optional(v.pipe(limit('expected a number of tokens ≥ 1'), v.integer(), v.minValue(1))),
    costUsd: v.optional(limit('expected an amount in US dollars ≥ 0')),
    toolCalls: v.optional(v.pipe(limit('expected a number of tool calls ≥ 0'), v.integer())),
    seconds: v.optional(v.pipe(limit('expected a number of seconds ≥ 1'), v.minValue(1))),
  }),
  v.metadata({ ref: 'BudgetLimits' }),
)
export type BudgetLimits = Readonly<v.InferOutput<typeof BudgetLimitsSchema>>

export const SpentSchema = v.pipe(
  v.object({ tokens: v.number(), costUsd: v.number(), toolCalls: v.number(), seconds: v.number() }),
  v.metadata({ ref: 'Spent' }),
)
/** What a run or task has used so far; `seconds` of wall time since it started. */
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
  return `the ${stop.scope}'s budget of ${stop.limit} ${stop.dimension} is used up (${stop.spent} spent)`
}
