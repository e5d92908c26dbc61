import { existsSync } from 'node:fs'
import path from 'node:path'
import type { CreateRunInput, CrossingPolicy, Mode } from '@flotilla/domain'
import { readDocuments } from './documents.ts'
import { readPlanFile } from './plan-file.ts'
import { found, refused, type Read } from './result.ts'

/** What the command line says of a run. */
export interface RequestOptions {
  readonly docs?: readonly string[]
  readonly plan?: string
  readonly workflow?: string
  readonly label?: Readonly<Record<string, string>>
  readonly budgetUsd?: number
  readonly budgetTokens?: number
  readonly budgetToolCalls?: number
  readonly budgetSeconds?: number
  readonly onExceeded?: CrossingPolicy
  readonly mode?: Mode
  readonly priority?: number
}

export type RunRequest = Readonly<{ input: CreateRunInput; notes: readonly string[] }>

/** Reads what the options name and puts the request together; every problem at once. */
export async function readRunRequest(
  given: string | undefined,
  options: RequestOptions,
  cwd: string,
): Promise<Read<RunRequest>> {
  const { goal, docs } = tellGoal(given, options.docs ?? [], cwd)
  if (goal === undefined || goal.trim() === '')
    return refused(
      'the goal is missing: say in quotes what is to be done, as in: flotilla run "Compare these documents" --docs ./docs',
    )
  const documents = await readDocuments(docs, cwd)
  const plan = options.plan === undefined ? found(null) : await readPlanFile(options.plan, cwd)
  if (!documents.ok || !plan.ok)
    return refused(...(documents.ok ? [] : documents.problems), ...(plan.ok ? [] : plan.problems))
  const { label, mode, priority, workflow } = options
  const budget = budgetOf(options)
  return found({
    notes: documents.value.skipped.map((problem) => `Left out: ${problem}.`),
    input: {
      goal,
      ...(documents.value.documents.length === 0 ? {} : { documents: [...documents.value.documents] }),
      ...(plan.value === null ? {} : { plan: plan.value }),
      ...(workflow === undefined ? {} : { workflow: { name: workflow } }),
      ...(label === undefined ? {} : { labels: { ...label } }),
      ...(budget === null ? {} : { budget }),
      ...(mode === undefined ? {} : { mode }),
      ...(priority === undefined ? {} : { priority }),
    },
  })
}

/** `--docs` takes all that follows, and so also a goal that stands last: what is no path is the goal. */
function tellGoal(
  given: string | undefined,
  docs: readonly string[],
  cwd: string,
): { goal: string | undefined; docs: readonly string[] } {
  const last = docs.at(-1)
  if (given !== undefined || last === undefined || docs.length < 2 || existsSync(path.resolve(cwd, last)))
    return { goal: given, docs }
  return { goal: last, docs: docs.slice(0, -1) }
}

function budgetOf(options: RequestOptions): CreateRunInput['budget'] {
  const budget = Object.entries({
    costUsd: options.budgetUsd,
    tokens: options.budgetTokens,
    toolCalls: options.budgetToolCalls,
    seconds: options.budgetSeconds,
    onExceeded: options.onExceeded,
  }).filter(([, value]) => value !== undefined)
  return budget.length === 0 ? null : Object.fromEntries(budget)
}
