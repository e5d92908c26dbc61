import * as v from 'valibot'
import { BudgetLimitsSchema } from './budget.ts'
import { JsonObjectSchema, storable } from './json.ts'
import { PLAN_MAX_TASKS, ROLE_PATTERN, TASK_KEY_PATTERN } from './limits.ts'
import { CriterionSchema } from './verdict.ts'
import { DEFAULT_MAX_ATTEMPTS } from './attempt.ts'

export const DEFAULT_TIMEOUT_SECONDS = 300

export const TaskKeySchema = v.pipe(
  v.string('expected a task key, a string'),
  v.regex(
    TASK_KEY_PATTERN,
    (i) =>
      `"${short(i.input)}" is not a task key: letters, digits, ".", "_" and "-", at most 100, not starting with a sign`,
  ),
)
export const RoleSchema = v.pipe(
  v.string('expected a role, a string'),
  v.regex(
    ROLE_PATTERN,
    (i) => `"${short(i.input)}" is not a role: a lower-case letter, then at most 39 of a-z, 0-9 and "-"`,
  ),
)

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

const instructions = v.pipe(v.string(), v.maxLength(32_000, 'expected at most 32,000 characters'))

export const PlanTaskSchema = v.pipe(
  v.strictObject({
    key: TaskKeySchema,
    role: RoleSchema,
    title: v.optional(v.pipe(v.string(), v.maxLength(500, 'expected at most 500 characters'))),
    instructions: v.optional(instructions, ''),
    dependsOn: v.optional(v.array(v.string('expected a task key')), []),
    type: v.optional(v.pipe(v.string(), v.maxLength(60))),
    optional: v.optional(v.boolean(), false),
    when: v.nullish(v.unknown(), null),
    fallbackFor: v.nullish(v.unknown(), null),
    map: v.nullish(v.unknown(), null),
    verify: v.optional(v.array(CriterionSchema), []),
    tools: v.optional(v.pipe(v.array(v.string()), v.maxLength(50))),
    budget: v.nullish(BudgetLimitsSchema, null),
    timeoutSeconds: v.optional(
      v.pipe(
        v.number(),
        v.minValue(1, 'expected 1 to 86,400 seconds'),
        v.maxValue(86_400, 'expected 1 to 86,400 seconds'),
      ),
      DEFAULT_TIMEOUT_SECONDS,
    ),
    /** Of one model call with its streaming; null: only the attempt's limit. */
    turnTimeoutSeconds: v.nullish(
      v.pipe(
        v.number(),
        v.minValue(1, 'expected 1 to 86,400 seconds'),
        v.maxValue(86_400, 'expected 1 to 86,400 seconds'),
      ),
      null,
    ),
    scheduleToStartSeconds: v.nullish(
      v.pipe(
        v.number(),
        v.integer('expected a whole number of seconds'),
        v.minValue(1, 'expected 1 to 604,800 seconds'),
        v.maxValue(604_800, 'expected 1 to 604,800 seconds'),
      ),
      null,
    ),
    maxAttempts: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1, 'expected 1 to 20 attempts'),
        v.maxValue(20, 'expected 1 to 20 attempts'),
      ),
      DEFAULT_MAX_ATTEMPTS,
    ),
    approval: v.nullish(JsonObjectSchema, null),
  }),
  v.metadata({ ref: 'PlanTask' }),
)
export type PlanTask = v.InferOutput<typeof PlanTaskSchema>
export type PlanTaskInput = v.InferInput<typeof PlanTaskSchema>

export const PlanSchema = v.pipe(
  v.strictObject({
    tasks: v.pipe(
      v.array(PlanTaskSchema, 'expected an array of tasks'),
      v.minLength(1, 'a plan needs at least one task'),
      v.maxLength(PLAN_MAX_TASKS, (i) => `a plan holds at most 10,000 tasks, found ${i.input.length}`),
    ),
    result: v.nullish(v.string()),
  }),
  storable(),
  v.metadata({ ref: 'Plan' }),
)
export type Plan = v.InferOutput<typeof PlanSchema>
export type PlanInput = v.InferInput<typeof PlanSchema>
