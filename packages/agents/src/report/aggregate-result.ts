import type { Citation, Output, Plan, RunResult, TaskStatus } from '@flotilla/domain'

export type AggregateInput = Readonly<{
  plan: Readonly<{
    tasks: readonly (Pick<Plan['tasks'][number], 'key' | 'title' | 'dependsOn'> & Readonly<{ optional?: boolean }>)[]
    result?: string | null | undefined
  }>
  tasks: readonly Readonly<{ key: string; status: TaskStatus }>[]
  /** By task key; only those of completed tasks count, since others were not accepted. */
  outputs: ReadonlyMap<string, Output>
}>

/**
 * What a run hands over: the output of its result task, else of its only last task, else of all last tasks by key, without
 * optional ones that did not complete. Where another of these did not complete, or none is left, the furthest outputs that
 * did take its place, so that a failed run shows its partial results. Null when nothing completed.
 */
export function aggregateResult({ plan, tasks, outputs }: AggregateInput): RunResult | null {
  const completed = new Set(tasks.filter((task) => task.status === 'completed').map((task) => task.key))
  const done = (key: string): boolean => completed.has(key) && outputs.has(key)
  const needed = new Set(plan.tasks.flatMap((task) => task.dependsOn))
  const wanted =
    typeof plan.result === 'string'
      ? [plan.result]
      : plan.tasks.filter((task) => !needed.has(task.key) && (!task.optional || done(task.key))).map((task) => task.key)
  const last = wanted.length > 0 ? wanted : furthest(plan.tasks, done)
  const [only] = last
  if (last.length === 1 && only !== undefined && done(only)) return single(outputs.get(only) as Output)
  const chosen = new Set(last.every(done) ? last : furthest(plan.tasks, done))
  if (chosen.size === 0) return null
  return several(
    plan.tasks.filter((task) => chosen.has(task.key)),
    outputs,
  )
}

/** Completed tasks on which no completed task depends. */
function furthest(tasks: AggregateInput['plan']['tasks'], done: (key: string) => boolean): string[] {
  const used = new Set(tasks.filter((task) => done(task.key)).flatMap((task) => task.dependsOn))
  return tasks.map((task) => task.key).filter((key) => done(key) && !used.has(key))
}

const single = ({ text, citations, simulated }: Output): RunResult => ({ text, citations, simulated })

function several(tasks: AggregateInput['plan']['tasks'], outputs: ReadonlyMap<string, Output>): RunResult {
  const parts = tasks.map(({ key, title }) => ({
    key,
    title: (title ?? key).replace(/\s+/g, ' '),
    output: outputs.get(key) as Output,
  }))
  return {
    text: parts.map(({ title, output }) => `## ${title}\n\n${output.text.trim()}`).join('\n\n'),
    citations: distinct(parts.flatMap(({ output }) => output.citations)),
    outputs: Object.fromEntries(parts.map(({ key, output }) => [key, output.text])),
    simulated: parts.some(({ output }) => output.simulated),
  }
}

const distinct = (citations: readonly Citation[]): Citation[] => [
  ...new Map(citations.map((citation) => [`${citation.marker}\n${citation.start}`, citation])).values(),
]
