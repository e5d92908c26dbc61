import * as v from 'valibot'
import { BudgetLimitsSchema, LIMITS_EXAMPLE } from './budget.ts'
import { CROSSING_POLICIES } from './budget-crossing.ts'
import { JsonObjectSchema, storable } from './json.ts'
import { GOAL_MAX_CHARS } from './limits.ts'
import { PlanSchema } from './plan.ts'
import type { Issue } from './problem.ts'
import { DocumentsSchema } from './run-document.ts'
import { MODES } from './run.ts'
import { foundText, strictFields } from './strict-fields.ts'

export const GoalSchema = v.pipe(
  v.string('expected the goal as text'),
  v.trim(),
  v.minLength(1, 'the goal is empty: say in a sentence or more what is to be done'),
  v.maxLength(
    GOAL_MAX_CHARS,
    (i) =>
      `expected at most 32,000 characters, found ${i.input.length.toLocaleString('en')}: put long material into "documents"`,
  ),
)

const label = v.pipe(
  v.string('expected text'),
  v.maxLength(200, (i) => `expected at most 200 characters, found ${i.input.length}`),
)
const flag = v.optional(v.boolean(), false)

export const RunBudgetSchema = v.pipe(
  strictFields(
    {
      ...BudgetLimitsSchema.pipe[0].entries,
      onExceeded: v.optional(
        v.picklist(CROSSING_POLICIES, (issue) => `expected "degrade", "pause" or "fail", found ${foundText(issue)}`),
        'degrade',
      ),
    },
    LIMITS_EXAMPLE,
  ),
  v.metadata({ ref: 'RunBudget' }),
)

export const CreateRunSchema = v.pipe(
  v.strictObject({
    goal: GoalSchema,
    inputs: v.optional(JsonObjectSchema, {}),
    documents: v.optional(DocumentsSchema, []),
    collections: v.optional(v.array(v.string()), []),
    workflow: v.nullish(v.unknown(), null),
    plan: v.nullish(PlanSchema, null),
    mode: v.optional(v.picklist(MODES), 'parallel'),
    start: v.optional(v.boolean(), true),
    budget: v.nullish(RunBudgetSchema, null),
    approval: v.nullish(strictFields({ plan: flag, delivery: flag }), null),
    priority: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(0, 'expected 0 (last) to 9 (first)'),
        v.maxValue(9, 'expected 0 (last) to 9 (first)'),
      ),
      5,
    ),
    labels: v.optional(
      v.record(
        v.pipe(
          v.string(),
          v.regex(/^[\w.-]{1,63}$/, 'expected a label of letters, digits, ".", "_" and "-", at most 63'),
        ),
        label,
      ),
      {},
    ),
  }),
  storable(),
  v.metadata({ ref: 'CreateRun' }),
)
export type CreateRun = v.InferOutput<typeof CreateRunSchema>
export type CreateRunInput = v.InferInput<typeof CreateRunSchema>

const unsupported = (path: string, what: string, instead: string): Issue => ({
  path,
  message: `${what} is not supported by this version; ${instead}`,
})

/** Fields whose capability is not built yet and that are set to more than their default: refused, never ignored. */
export function unsupportedInRun(input: CreateRun): Issue[] {
  const issues: Issue[] = []
  if (input.collections.length > 0)
    issues.push(unsupported('/collections', 'a knowledge collection', 'send "documents"'))
  if (input.workflow !== null)
    issues.push(unsupported('/workflow', 'a stored workflow', 'send a "plan", or leave planning to the planner'))
  if (input.mode === 'hierarchical' || input.mode === 'autonomous')
    issues.push(unsupported('/mode', `mode "${input.mode}"`, 'use "parallel" or "sequential"'))
  if (input.approval?.plan)
    issues.push(unsupported('/approval/plan', 'plan approval', 'use "start": false and POST …/start'))
  if (input.approval?.delivery) issues.push(unsupported('/approval/delivery', 'delivery approval', 'leave it out'))
  if (input.plan) issues.push(...unsupportedInPlan(input.plan, '/plan'))
  return issues
}

export function unsupportedInPlan(plan: v.InferOutput<typeof PlanSchema>, base: string): Issue[] {
  return plan.tasks.flatMap((task, i) => {
    const at = `${base}/tasks/${i}`
    const issues: Issue[] = []
    if (task.when !== null) issues.push(unsupported(`${at}/when`, 'a condition', 'leave it out'))
    if (task.fallbackFor !== null) issues.push(unsupported(`${at}/fallbackFor`, 'a fallback task', 'leave it out'))
    if (task.map !== null) issues.push(unsupported(`${at}/map`, 'a mapped task', 'leave it out'))
    if (task.approval !== null) issues.push(unsupported(`${at}/approval`, 'task approval', 'leave it out'))
    return issues
  })
}
