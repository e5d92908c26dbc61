import * as v from 'valibot'
import { BudgetLimitsSchema, LIMITS_EXAMPLE, SpentSchema, type BudgetLimits } from './budget.ts'
import { strictFields } from './strict-fields.ts'

const { tokens, costUsd, toolCalls, seconds } = BudgetLimitsSchema.pipe[0].entries
const limits = strictFields(
  {
    tokens: v.nullish(tokens.wrapped),
    costUsd: v.nullish(costUsd.wrapped),
    toolCalls: v.nullish(toolCalls.wrapped),
    seconds: v.nullish(seconds.wrapped),
  },
  LIMITS_EXAMPLE,
)

/** Limits of a workspace's month. Of a PUT what is left out has none, of a PATCH it stays; null takes a limit away. */
export const SetWorkspaceBudgetSchema = v.pipe(
  strictFields({ limits }, `{"limits": ${LIMITS_EXAMPLE}}`),
  v.metadata({ ref: 'SetWorkspaceBudget' }),
)
export type SetWorkspaceBudget = v.InferOutput<typeof SetWorkspaceBudgetSchema>
export type SetWorkspaceBudgetInput = v.InferInput<typeof SetWorkspaceBudgetSchema>

export const WorkspaceBudgetSchema = v.pipe(
  v.object({
    /** `2026-11`, in UTC, and when the next one begins. */
    month: v.string(),
    resetsAt: v.string(),
    limits: BudgetLimitsSchema,
    /** Held for calls under way. */
    reserved: SpentSchema,
    spent: SpentSchema,
    /** For people: what becomes of calls that do not fit. */
    whenReached: v.string(),
  }),
  v.metadata({ ref: 'WorkspaceBudget' }),
)
/** `seconds` is time worked, the sum over calls: it adds up over parallel tasks, which wall time does not. */
export type WorkspaceBudget = v.InferOutput<typeof WorkspaceBudgetSchema>

export const WORKSPACE_WHEN_REACHED =
  'each run follows its own onExceeded (degrade saves and then fails, pause waits for a larger budget, fail ends it); requests are analysed by rules'

/** Limits without those that are taken away. */
export const givenLimits = (given: SetWorkspaceBudget['limits']): BudgetLimits =>
  Object.fromEntries(Object.entries(given).filter(([, limit]) => limit !== null && limit !== undefined))

/** A month's first day as it is shown, and the next one's begin. */
export function monthOf(firstDay: Date): Readonly<{ month: string; resetsAt: string }> {
  const next = new Date(Date.UTC(firstDay.getUTCFullYear(), firstDay.getUTCMonth() + 1, 1))
  return { month: firstDay.toISOString().slice(0, 7), resetsAt: next.toISOString() }
}

/** Whether any limit lets more pass than before. */
export const raisesLimits = (before: BudgetLimits, after: BudgetLimits): boolean =>
  (Object.keys(before) as (keyof BudgetLimits)[]).some((key) => (after[key] ?? Infinity) > (before[key] ?? Infinity))
