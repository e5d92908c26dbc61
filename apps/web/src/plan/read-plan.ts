import { parsePlanText, sketchPlanText, type Issue, type PlanInput, type PlanTaskInput } from '@flotilla/domain'

/** A plan as it is being written: what can be drawn of it, and what is wrong with it. */
export type Draft = Readonly<{
  plan: PlanInput
  issues: readonly Issue[]
  /** Keys of tasks that depend on each other in a circle. */
  cycle: readonly string[]
}>

export function readDraft(text: string): Draft {
  const read = parsePlanText(text)
  if (read.ok) return { plan: read.value, issues: [], cycle: [] }
  const issues = read.errors ?? []
  return { plan: sketchPlanText(text), issues, cycle: issues.find((issue) => issue.cycle !== undefined)?.cycle ?? [] }
}

const NUMBERED = /^t([1-9]\d*)$/

/**
 * An edited plan with what its text has no place for (keys, criteria, tools, limits) taken from the one that the text came
 * from. `Task N` is there what `formatPlanText` had called so: the task tN, or else the Nth.
 */
export function mergePlan(before: PlanInput, edited: PlanInput): PlanInput {
  const origin = originOf(before)
  const taken = new Set(before.tasks.map(({ key }) => key))
  const keyOf = (key: string): string => origin.get(key)?.key ?? freeKey(key, taken)
  const tasks = edited.tasks.map((task) => ({
    ...origin.get(task.key),
    ...task,
    key: keyOf(task.key),
    dependsOn: (task.dependsOn ?? []).map(keyOf),
  }))
  return typeof edited.result === 'string' ? { tasks, result: keyOf(edited.result) } : { tasks }
}

function originOf({ tasks }: PlanInput): Map<string, PlanTaskInput> {
  const numbered = tasks.every(({ key }) => NUMBERED.test(key))
  return new Map(tasks.map((task, i) => [numbered ? task.key : `t${i + 1}`, task]))
}

const freeKey = (key: string, taken: ReadonlySet<string>): string =>
  taken.has(key) ? freeKey(`${key}-new`, taken) : key

/** Where the line of a draft's task begins and ends in its text; null where it has none. */
export function lineOfTask(text: string, key: string): Readonly<{ from: number; to: number }> | null {
  const number = NUMBERED.exec(key)?.[1]
  const found = number === undefined ? null : new RegExp(`^[ \\t*#>-]*Task ${number}\\b.*$`, 'im').exec(text)
  return found === null ? null : { from: found.index, to: found.index + found[0].length }
}
