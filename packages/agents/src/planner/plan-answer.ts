import {
  PlanSchema,
  issuesOf,
  parsePlanText,
  type Issue,
  type Json,
  type JsonObject,
  type Plan,
} from '@flotilla/domain'
import { readJsonText } from '@flotilla/llm'
import * as v from 'valibot'
import type { ReadAnswer } from '../ask-model.ts'
import { planProblems } from './check-plan.ts'

const text = (description: string) => v.pipe(v.string(), v.description(description))
const criterion = v.union([
  v.strictObject({ judge: text('what a careful reader checks, as one sentence'), threshold: v.nullable(v.number()) }),
  v.strictObject({ rule: v.picklist(['minLength', 'maxLength', 'citations']), value: v.number() }),
  v.strictObject({ rule: v.picklist(['contains', 'matches', 'cel']), value: v.string() }),
  v.strictObject({ rule: v.literal('artifact'), name: v.string(), mediaType: v.nullable(v.string()) }),
])

/**
 * The plan that a model is asked for: the fields that a planner has to decide, all of them required. What it answers is
 * held to the plan's own schema, so it may give more.
 */
export const PlanAnswerSchema = v.strictObject({
  reason: text('in one or two sentences, why the work is split this way'),
  tasks: v.array(
    v.strictObject({
      key: text('a short unique name: letters, digits, ".", "_" and "-"'),
      role: text('a lower-case letter, then a-z, 0-9 and "-", at most 40 in all'),
      type: text('the kind of work in one word, such as research, comparison, writing, code, review'),
      title: v.string(),
      instructions: text('what to do, complete for an agent that sees no other task'),
      dependsOn: v.pipe(v.array(v.string()), v.description('keys of the tasks whose output this one needs')),
      verify: v.array(criterion),
      tools: v.pipe(v.nullable(v.array(v.string())), v.description("null for the agent's own tools")),
    }),
  ),
  result: v.pipe(
    v.nullable(v.string()),
    v.description('key of the task whose output is the answer; null for all last ones'),
  ),
})

/** `template` names the built-in workflow that an offline plan was made from. */
export type PlanAnswer = Readonly<{ plan: Plan; reason: string | null; template: string | null }>

/** What it takes for a text to be read as `Task N: @role - …`: one such line. */
const PLAIN_FORM = /^[ \t]*(?:[-*+•]\s+|\d+[.)]\s+)?(?:\*\*|__)?task\s*#?\d+[^\n]{0,20}@[a-z]/im

/** Reads a model's plan, JSON or the plain form, and checks it. Issues are worded to be sent back. */
export function readPlanAnswer(answer: string, tools: readonly string[]): ReadAnswer<PlanAnswer> {
  const raw = rawPlan(answer)
  if (!raw.ok) return raw
  const { reason, template, ...plan } = raw.value
  const parsed = v.safeParse(PlanSchema, plan)
  if (!parsed.success) return refused(issuesOf(parsed.issues))
  const issues = planProblems(parsed.output, tools)
  if (issues.length > 0) return refused(issues)
  return { ok: true, value: { plan: parsed.output, reason: textOf(reason), template: textOf(template) } }
}

const refused = (issues: readonly Issue[]) => ({ ok: false as const, issues })
const textOf = (value: Json | undefined): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 2_000) : null

/** The plain form is tried before mending JSON: mending finds "JSON" in any brackets. */
function rawPlan(answer: string): ReadAnswer<JsonObject> {
  const json = readJsonText(answer)
  if (json.ok && !json.repaired) return planObject(json.value)
  if (PLAIN_FORM.test(answer)) {
    const plain = parsePlanText(answer, { prose: true })
    return plain.ok
      ? { ok: true, value: plain.value as JsonObject }
      : refused(plain.errors ?? [{ path: '', message: plain.detail }])
  }
  return json.ok ? planObject(json.value) : refused([{ path: '', message: json.message }])
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A bare list of tasks and a plan inside `{"plan": …}` count as the plan. */
function planObject(value: Json): ReadAnswer<JsonObject> {
  if (Array.isArray(value)) return planObject({ tasks: value })
  if (!isObject(value)) return refused([{ path: '', message: 'expected a plan: an object with "tasks"' }])
  const { plan, ...rest } = value
  if (isObject(plan)) return planObject({ ...rest, ...plan })
  return { ok: true, value: { ...value, tasks: plainTasks(value['tasks']) } }
}

/** Without what the answer's form makes a model say although it means nothing: nulls, and the @ of a role. */
function plainTasks(tasks: Json | undefined): Json {
  if (!Array.isArray(tasks)) return tasks ?? null
  return tasks.map((task) => {
    if (!isObject(task)) return task
    const plain = withoutNulls(task)
    if (typeof plain['role'] === 'string') plain['role'] = plain['role'].trim().replace(/^@/, '')
    if (Array.isArray(plain['verify']))
      plain['verify'] = plain['verify'].map((item) => (isObject(item) ? withoutNulls(item) : item))
    return plain
  })
}

const withoutNulls = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))
