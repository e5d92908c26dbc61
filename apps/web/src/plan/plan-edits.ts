import type { PlanInput, PlanTaskInput } from '@flotilla/domain'

/** Edits of a plan: a plan in, a plan out. Tasks are named by their place, since keys may be wrong while a plan is made. */

const DEFAULT_ROLE = 'writer'

export type Placed = Readonly<{ after?: number; before?: number }>

/** A new task at the end, which waits for `after`, or for which `before` waits. */
export function addTask(plan: PlanInput, { after, before }: Placed = {}): PlanInput {
  const [first, next] = [taskAt(plan, after), taskAt(plan, before)]
  const key = freeKey(plan)
  const task = {
    key,
    role: (first ?? next ?? plan.tasks.at(-1))?.role ?? DEFAULT_ROLE,
    title: '',
    dependsOn: first === undefined ? [] : [first.key],
  }
  const tasks = plan.tasks.map((one) => (one === next ? { ...one, dependsOn: [...(one.dependsOn ?? []), key] } : one))
  return { ...plan, tasks: [...tasks, task] }
}

const taskAt = ({ tasks }: PlanInput, index: number | undefined): PlanTaskInput | undefined =>
  index === undefined ? undefined : tasks[index]

/** `tN`, as the text form calls its tasks. */
function freeKey({ tasks }: PlanInput): string {
  const taken = new Set(tasks.map(({ key }) => key))
  let number = tasks.length + 1
  while (taken.has(`t${number}`)) number++
  return `t${number}`
}

/** What waited for the task waits for what it had waited for: taking a step out of a chain leaves a chain. */
export function removeTask(plan: PlanInput, index: number): PlanInput {
  const gone = plan.tasks[index]
  if (gone === undefined) return plan
  const rest = plan.tasks.filter((_, i) => i !== index)
  if (rest.some(({ key }) => key === gone.key)) return { ...plan, tasks: rest }
  const tasks = rest.map((task) => {
    if (!(task.dependsOn ?? []).includes(gone.key)) return task
    const inherited = (gone.dependsOn ?? []).filter((key) => key !== task.key && key !== gone.key)
    return { ...task, dependsOn: replaced(task.dependsOn ?? [], gone.key, inherited) }
  })
  const { result, ...others } = plan
  return { ...others, tasks, ...(result === gone.key || result === undefined ? {} : { result }) }
}

const replaced = (keys: readonly string[], key: string, by: readonly string[]): string[] => [
  ...new Set(keys.flatMap((one) => (one === key ? by : [one]))),
]

/** Whoever had the one role has the other. */
export const withRole = (plan: PlanInput, from: string, to: string): PlanInput => ({
  ...plan,
  tasks: plan.tasks.map((task) => (task.role === from ? { ...task, role: to } : task)),
})

/** A changed key is changed wherever the plan names it, unless another task has the old one too. */
export function changeTask(plan: PlanInput, index: number, change: Partial<PlanTaskInput>): PlanInput {
  const before = plan.tasks[index]
  if (before === undefined) return plan
  const tasks = plan.tasks.map((task, i) => (i === index ? { ...task, ...change } : task))
  const { key } = change
  if (key === undefined || key === before.key || tasks.some((task) => task.key === before.key))
    return { ...plan, tasks }
  return {
    ...plan,
    tasks: tasks.map((task) => ({ ...task, dependsOn: replaced(task.dependsOn ?? [], before.key, [key]) })),
    ...(plan.result === before.key ? { result: key } : {}),
  }
}

/** `to` waits for `from`. */
export function connect(plan: PlanInput, from: number, to: number): PlanInput {
  const [first, second] = [plan.tasks[from], plan.tasks[to]]
  if (first === undefined || second === undefined || from === to) return plan
  const dependsOn = second.dependsOn ?? []
  return dependsOn.includes(first.key) ? plan : changeTask(plan, to, { dependsOn: [...dependsOn, first.key] })
}

/** `to` waits no longer for the task of this key, which need not be one of the plan. */
export function disconnect(plan: PlanInput, key: string, to: number): PlanInput {
  const dependsOn = plan.tasks[to]?.dependsOn ?? []
  return dependsOn.includes(key) ? changeTask(plan, to, { dependsOn: dependsOn.filter((one) => one !== key) }) : plan
}

/** The task whose output is the run's; without one, what nothing waits for. */
export function setResult(plan: PlanInput, key: string | null): PlanInput {
  const { result: _, ...rest } = plan
  return key === null ? rest : { ...rest, result: key }
}
