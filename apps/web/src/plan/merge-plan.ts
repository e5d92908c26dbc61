import { plainInstructions, type PlanInput, type PlanTaskInput } from '@flotilla/domain'

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
    ...mergeTask(origin.get(task.key), task),
    key: keyOf(task.key),
    dependsOn: (task.dependsOn ?? []).map(keyOf),
  }))
  return typeof edited.result === 'string' ? { tasks, result: keyOf(edited.result) } : { tasks }
}

/** Blanks that the text form does not keep come back where the text has not changed. */
function mergeTask(before: PlanTaskInput | undefined, edited: PlanTaskInput): PlanTaskInput {
  if (before === undefined) return edited
  const { title: _, ...rest } = before
  const title = shownTitle(before) === edited.title ? before.title : edited.title
  const same = plainInstructions(before.instructions ?? '') === edited.instructions
  return {
    ...rest,
    ...edited,
    ...(title === undefined ? {} : { title }),
    ...(same ? { instructions: before.instructions } : {}),
  }
}

/** A task without words of its own is shown by its key. */
function shownTitle({ key, title = '', instructions = '' }: PlanTaskInput): string {
  const shown = title.replace(/\s+/g, ' ').trim()
  return shown === '' && plainInstructions(instructions) === '' ? key : shown
}

function originOf({ tasks }: PlanInput): Map<string, PlanTaskInput> {
  const numbered = tasks.every(({ key }) => NUMBERED.test(key))
  return new Map(tasks.map((task, i) => [numbered ? task.key : `t${i + 1}`, task]))
}

const freeKey = (key: string, taken: ReadonlySet<string>): string =>
  taken.has(key) ? freeKey(`${key}-new`, taken) : key
