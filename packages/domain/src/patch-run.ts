import * as v from 'valibot'
import { BudgetLimitsSchema, LIMITS_EXAMPLE, type BudgetLimits } from './budget.ts'
import { CreateRunSchema, RunBudgetSchema } from './create-run.ts'
import type { CrossingPolicy } from './budget-crossing.ts'
import { strictFields } from './strict-fields.ts'

const { tokens, costUsd, toolCalls, seconds } = BudgetLimitsSchema.pipe[0].entries
const { labels, priority } = CreateRunSchema.pipe[0].entries

/** What of a live run may change. A limit that is left out stays, null takes it away. */
export const PatchRunSchema = v.pipe(
  v.strictObject({
    budget: v.optional(
      strictFields(
        {
          tokens: v.nullish(tokens.wrapped),
          costUsd: v.nullish(costUsd.wrapped),
          toolCalls: v.nullish(toolCalls.wrapped),
          seconds: v.nullish(seconds.wrapped),
          onExceeded: v.optional(RunBudgetSchema.pipe[0].entries.onExceeded.wrapped),
        },
        LIMITS_EXAMPLE,
      ),
    ),
    priority: v.optional(priority.wrapped),
    labels: v.optional(labels.wrapped),
  }),
  v.metadata({ ref: 'PatchRun' }),
)
export type PatchRun = v.InferOutput<typeof PatchRunSchema>
export type PatchRunInput = v.InferInput<typeof PatchRunSchema>

type RunBudget = BudgetLimits & Readonly<{ onExceeded: CrossingPolicy }>

/** A budget with what a patch changes of it. */
export function patchBudget(budget: RunBudget, patch: NonNullable<PatchRun['budget']>): RunBudget {
  const merged = Object.entries({ ...budget, ...patch }).filter(([, value]) => value !== null && value !== undefined)
  return { onExceeded: budget.onExceeded, ...Object.fromEntries(merged) }
}
