import type { PlanInput } from './plan.ts'
import { isDependencyLine, splitDependencies } from './plan-text-depends.ts'
import { plainInstructions } from './plan-text.ts'

const NUMBERED_KEY = /^t([1-9]\d{0,5})$/

/**
 * A plan in its plain form, which `parsePlanText` reads back: roles, titles, instructions, dependencies and the result.
 * Keys `tN` keep their number; if any key is of another kind, tasks are numbered in plan order. What has no place in the
 * form (criteria, tools, budgets, limits) is left out.
 */
export function formatPlanText(plan: PlanInput): string {
  const numbers = taskNumbers(plan)
  const blocks = plan.tasks.map((task) => {
    const instructions = plainInstructions(task.instructions ?? '')
    const title = (task.title ?? '').replace(/\s+/g, ' ').trim()
    const shown = title === '' && instructions === '' ? task.key : title
    const head = `Task ${numbers.get(task.key)}: @${task.role}${shown === '' ? '' : ` - ${shown}`}`
    const names = (task.dependsOn ?? []).map((key) => `Task ${numbers.get(key)}`)
    return `${head}${dependencies(names, shown, instructions)}\n${indented(instructions)}`
  })
  const result = typeof plan.result === 'string' ? `Result: Task ${numbers.get(plan.result)}\n` : ''
  return blocks.join('') + result
}

function taskNumbers(plan: PlanInput): Map<string, number> {
  const own = plan.tasks.map((task) => Number(NUMBERED_KEY.exec(task.key)?.[1] ?? Number.NaN))
  const kept = own.every((number) => !Number.isNaN(number))
  return new Map(plan.tasks.map((task, i) => [task.key, kept ? (own[i] as number) : i + 1]))
}

/** Said even where there are none, if the title or the instructions would be read as naming some. */
function dependencies(names: readonly string[], title: string, instructions: string): string {
  if (names.length > 0) return ` (depends on ${names.join(', ')})`
  const split = splitDependencies(title)
  const misread = split.dependsOn !== null || split.unread !== null || instructions.split('\n').some(isDependencyLine)
  return misread ? ' (depends on nothing)' : ''
}

const indented = (text: string): string =>
  text === ''
    ? ''
    : `${text
        .split('\n')
        .map((line) => (line === '' ? '' : `    ${line}`))
        .join('\n')}\n`
