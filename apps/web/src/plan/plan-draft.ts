import { formatPlanText, sketchPlanText, type PlanInput } from '@flotilla/domain'
import * as v from 'valibot'
import { mergePlan } from './merge-plan.ts'

/** A plan is written as the lines of its plain form, or as JSON, which alone has a place for all of it. */
export type PlanForm = 'text' | 'json'

/**
 * A plan while it is made: one value, of which graph, text and JSON are views. `typed` is a text just as somebody typed it,
 * while the plan is what that text says; `base` is the plan that it was about. What could not be read of it is in `unread`, and
 * until that is mended no other view may change the plan, or it would be lost.
 */
export type PlanDraft = Readonly<{ plan: PlanInput; typed: Typed | null }>
export type Typed = Readonly<{ form: PlanForm; text: string; base: PlanInput; unread: readonly string[] }>

export const EMPTY_DRAFT: PlanDraft = { plan: { tasks: [] }, typed: null }

/** Of a plan as the API answers it, without its versions. */
export const draftOf = ({ tasks, result }: PlanInput): PlanDraft => ({
  plan: { tasks, ...(typeof result === 'string' ? { result } : {}) },
  typed: null,
})

export const isEmptyDraft = ({ plan, typed }: PlanDraft): boolean =>
  plan.tasks.length === 0 && (typed === null || typed.text.trim() === '')

export const unreadOf = ({ typed }: PlanDraft): readonly string[] => typed?.unread ?? []

/** The plan of what somebody typed; what cannot be read leaves the rest as it is. */
export function typeText(before: PlanDraft, form: PlanForm, text: string): PlanDraft {
  const base = before.typed?.form === form ? before.typed.base : before.plan
  const read = form === 'text' ? readText(text, base) : readJson(text, before.plan)
  return { plan: read.plan, typed: { form, text, base, unread: read.unread } }
}

type Read = Readonly<{ plan: PlanInput; unread: readonly string[] }>

function readText(text: string, base: PlanInput): Read {
  const { plan, unread } = sketchPlanText(text)
  return { plan: mergePlan(base, plan), unread: unread.map(({ message }) => message) }
}

function readJson(text: string, before: PlanInput): Read {
  if (text.trim() === '') return { plan: { tasks: [] }, unread: [] }
  try {
    const value: unknown = JSON.parse(text)
    if (isDrawable(value)) return { plan: value, unread: [] }
    const { issues } = v.safeParse(DrawableSchema, value)
    const first = issues?.[0]
    return { plan: before, unread: [`${first === undefined ? '' : v.getDotPath(first)}: ${first?.message ?? ''}`] }
  } catch (error) {
    return { plan: before, unread: [error instanceof Error ? error.message : String(error)] }
  }
}

/** The draft in a form; null where the form cannot tell the plan as it is. */
export function textOf({ plan, typed }: PlanDraft, form: PlanForm): string | null {
  if (typed?.form === form) return typed.text
  if (form === 'json') return plan.tasks.length === 0 ? '' : `${JSON.stringify(withoutDefaults(plan), null, 2)}\n`
  const text = formatPlanText(plan)
  return comesBack(plan, text) ? text : null
}

/** Flaws such as a role with a blank in it, or one key twice, would read as something else. */
function comesBack(plan: PlanInput, text: string): boolean {
  if (new Set(plan.tasks.map(({ key }) => key)).size < plan.tasks.length) return false
  const { plan: sketch, unread } = sketchPlanText(text)
  return unread.length === 0 && formatPlanText(mergePlan(plan, sketch)) === text
}

/** Fields that say nothing are left out: the API fills them in again. */
const withoutDefaults = ({ tasks, ...rest }: PlanInput) => ({
  tasks: tasks.map((task) => Object.fromEntries(Object.entries(task).filter(([, value]) => saysSomething(value)))),
  ...rest,
})

/** Whether they say the same, whatever the order in which they say it. */
export const isSamePlan = (a: PlanInput, b: PlanInput): boolean => a === b || digestOf(a) === digestOf(b)

const digestOf = (plan: PlanInput): string =>
  JSON.stringify({ ...withoutDefaults(plan), result: plan.result ?? null }, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([x], [y]) => (x < y ? -1 : 1)))
      : value,
  )

const saysSomething = (value: unknown): boolean =>
  value !== null && value !== undefined && value !== false && value !== '' && !isEmptyList(value)
const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0

/** Where the text of task i begins and ends in what somebody sees; null where it has none. */
export function rangeOfTask(
  text: string,
  form: PlanForm,
  { plan, index }: Readonly<{ plan: PlanInput; index: number }>,
): Readonly<{ from: number; to: number }> | null {
  if (form === 'json') {
    const wanted = `"key": ${JSON.stringify(plan.tasks[index]?.key ?? '')}`
    const from = text.indexOf(wanted)
    return from < 0 ? null : { from, to: from + wanted.length }
  }
  const line = sketchPlanText(text).lines[index]
  if (line === undefined) return null
  const lines = text.split(/(?<=\r\n|\n|\r(?!\n))/)
  const from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length, 0)
  return { from, to: from + (lines[line - 1] ?? '').trimEnd().length }
}

/** What has to hold for a plan to be drawn and edited; all else that is wrong with it is shown on it. */
const DrawableSchema = v.looseObject(
  {
    tasks: v.array(
      v.looseObject(
        {
          key: v.string('expected a key, a string'),
          role: v.string('expected a role, a string'),
          title: v.optional(v.string('expected a string')),
          instructions: v.optional(v.string('expected a string')),
          dependsOn: v.optional(v.array(v.string('expected the key of a task'), 'expected a list of keys')),
          type: v.optional(v.string('expected a string')),
          optional: v.optional(v.boolean('expected true or false')),
          tools: v.optional(v.array(v.string('expected the name of a tool'), 'expected a list of tools')),
          verify: v.optional(v.array(v.looseObject({}, 'expected a criterion'), 'expected a list of criteria')),
          budget: v.nullish(v.looseObject({}, 'expected an object of limits')),
          timeoutSeconds: v.optional(v.number('expected a number')),
          maxAttempts: v.optional(v.number('expected a number')),
        },
        'expected a task, such as {"key": "sum-up", "role": "writer"}',
      ),
      'expected a list of tasks',
    ),
    result: v.nullish(v.string('expected the key of a task')),
  },
  'expected {"tasks": […]}',
)

const isDrawable = (value: unknown): value is PlanInput => v.is(DrawableSchema, value)

const KeptSchema = v.object({
  plan: v.custom<PlanInput>(isDrawable),
  typed: v.nullable(
    v.object({
      form: v.picklist(['text', 'json']),
      text: v.string(),
      base: v.custom<PlanInput>(isDrawable),
      unread: v.array(v.string()),
    }),
  ),
})

/** A draft that was kept as JSON; null where that is none, or one of another version. */
export function readKeptDraft(kept: unknown): PlanDraft | null {
  const read = v.safeParse(KeptSchema, kept)
  return read.success ? read.output : null
}
