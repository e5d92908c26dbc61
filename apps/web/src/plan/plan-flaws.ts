import { PlanSchema, issuesOf, planIssues, type PlanInput, type PlanTaskInput } from '@flotilla/domain'
import * as v from 'valibot'
import { sentence } from '../format/sentence.ts'
import { unreadOf, type PlanDraft } from './plan-draft.ts'

/** Something that has to be mended before the plan can run: in words, and the tasks (by place) and the field it shows on. */
export type PlanFlaw = Readonly<{ message: string; tasks: readonly number[]; field: string | null }>

/** `cycle`: places of tasks that wait for each other, in the order of the arrows, the first one again at the end. */
export type PlanCheck = Readonly<{ flaws: readonly PlanFlaw[]; cycle: readonly number[] }>

export function checkPlan(plan: PlanInput): PlanCheck {
  if (plan.tasks.length === 0) return { flaws: [], cycle: [] }
  const nodes = plan.tasks.map((task) => ({
    ...task,
    dependsOn: task.dependsOn ?? [],
    optional: task.optional === true,
  }))
  const found = v.safeParse(PlanSchema, plan)
  const issues = [
    ...(found.success ? [] : issuesOf(found.issues)),
    ...planIssues({ tasks: nodes, result: plan.result }).filter((issue) => issue.cycle === undefined),
  ]
  const cycle = cycleOf(plan)
  const told = issues.map(({ path, message }) => flawOf(plan, path, message))
  const flaws = [...new Map(told.map((flaw) => [flaw.message, flaw])).values()]
  if (cycle.length > 0) flaws.push(cycleFlaw(plan, cycle))
  return { flaws, cycle }
}

/** Whether it is a plan that may be sent. */
export const isSound = (draft: PlanDraft): boolean =>
  draft.plan.tasks.length > 0 && unreadOf(draft).length === 0 && checkPlan(draft.plan).flaws.length === 0

/** The name that a person knows a task by. */
export const nameOf = (task: PlanTaskInput | undefined): string => {
  const title = (task?.title ?? '').trim()
  return title === '' ? (task?.key ?? '') : title
}

function flawOf(plan: PlanInput, path: string, message: string): PlanFlaw {
  const [, place, field = null, item] = /^\/tasks\/(\d+)(?:\/([^/]+)(?:\/(\d+))?)?/.exec(path) ?? []
  if (place === undefined) return { message: sentence(message), tasks: resultTask(plan, path), field: null }
  const index = Number(place)
  const task = plan.tasks[index]
  const tasks = [index]
  if (field === 'key' && message.startsWith('duplicate')) {
    const same = plan.tasks.flatMap(({ key }, i) => (key === task?.key ? [i] : []))
    return { message: `${same.length} tasks have the key "${task?.key}": give each its own.`, tasks: same, field }
  }
  if (field === 'dependsOn' && item !== undefined)
    return { message: edgeMessage(plan, task, task?.dependsOn?.[Number(item)] ?? ''), tasks, field }
  return { message: `“${short(nameOf(task))}”: ${message}.`, tasks, field }
}

function edgeMessage({ tasks }: PlanInput, task: PlanTaskInput | undefined, key: string): string {
  const name = `“${short(nameOf(task))}”`
  if (key === task?.key) return `${name} comes after itself: untick that.`
  if (tasks.some((one) => one.key === key)) return `${name} comes twice after "${key}": untick that.`
  return `${name} comes after "${key}", which is not in the plan: untick that, or give a task this key.`
}

function cycleFlaw({ tasks }: PlanInput, cycle: readonly number[]): PlanFlaw {
  const names = cycle.map((index) => short(nameOf(tasks[index])))
  const way = names.length > 7 ? [...names.slice(0, 4), '…', ...names.slice(-2)] : names
  return {
    message: `These tasks wait for each other, so none of them could begin: ${way.join(' → ')}. Take away one of the marked arrows.`,
    tasks: cycle.slice(1),
    field: 'dependsOn',
  }
}

const resultTask = ({ tasks, result }: PlanInput, path: string): number[] =>
  path === '/result' ? tasks.flatMap(({ key }, i) => (key === result ? [i] : [])) : []

/** Found also where other things are wrong, on what can be read of the arrows. */
function cycleOf({ tasks }: PlanInput): number[] {
  const first = new Map<string, number>()
  tasks.forEach(({ key }, i) => void (first.has(key) || first.set(key, i)))
  const sound = tasks.map(({ key, dependsOn = [] }, i) => ({
    key: `${i}`,
    dependsOn: [...new Set(dependsOn.filter((one) => one !== key))].flatMap((one) => {
      const at = first.get(one)
      return at === undefined || at === i ? [] : [`${at}`]
    }),
  }))
  const cycle = planIssues({ tasks: sound }).find((issue) => issue.cycle !== undefined)?.cycle ?? []
  return cycle.map(Number).toReversed()
}

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text)
