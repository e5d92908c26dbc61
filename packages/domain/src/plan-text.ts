import * as v from 'valibot'
import { planIssues } from './plan-graph.ts'
import { PlanSchema, type PlanInput } from './plan.ts'
import { readLines, type HeaderLine } from './plan-text-line.ts'
import { accepted, issuesOf, rejected, type Issue, type Result } from './problem.ts'

const TITLE_MAX_CHARS = 500
const DERIVED_TITLE_CHARS = 100

/** A task as its lines say it; `line` counts from 1 and is the line of its header. */
type TextTask = HeaderLine & { body: string[] }
type TextPlan = { tasks: TextTask[]; result: { number: number; line: number } | null; issues: Issue[] }

const at = (line: number, message: string): Issue => ({ path: '', message: `line ${line}: ${message}` })
const NO_TASK = at(1, 'found no task; expected lines like "Task 1: @role - What to do (depends on Task 2)"')
const keyOf = (number: number): string => `t${number}`

/**
 * Reads the plain form: one `Task 3: @backend - Implement login (depends on Task 1, Task 2)` a task, its instructions
 * indented beneath, and at most one `Result: Task 3`. Task N gets the key `tN`. Bullets, bold, case, "depends on: 1, 2" and
 * "after Task 1" are tolerated. With `prose`, text around the tasks is skipped, as models write it; otherwise it is refused.
 * Errors name their line in the message.
 */
export function parsePlanText(text: string, options: { prose?: boolean } = {}): Result<PlanInput> {
  const read = collect(text, options.prose ?? false)
  if (read.issues.length > 0) return refused(read.issues)
  if (read.tasks.length === 0) return refused([NO_TASK])
  const issues = [...repeatedNumbers(read.tasks), ...unknownResult(read)]
  const plan = planOf(read)
  if (issues.length === 0) issues.push(...onLines(planIssues(plan), read.tasks))
  if (issues.length > 0) return refused(issues)
  const checked = v.safeParse(PlanSchema, plan)
  return checked.success ? accepted(plan) : refused(onLines(issuesOf(checked.issues), read.tasks))
}

/** `lines[i]` is the line of task i's header, from 1; `unread` names the lines that nothing could be made of. */
export type PlanSketch = Readonly<{ plan: PlanInput; lines: readonly number[]; unread: readonly Issue[] }>

/** What of a text can be read as tasks, whatever is wrong with them: to be shown while it is written, not to be run. */
export function sketchPlanText(text: string): PlanSketch {
  const read = collect(text, false)
  const unread = read.tasks.length === 0 && read.issues.length === 0 && text.trim() !== '' ? [NO_TASK] : read.issues
  return { plan: planOf(read), lines: read.tasks.map(({ line }) => line), unread }
}

const refused = (issues: readonly Issue[]) =>
  rejected('invalid_input', `the plan text has ${issues.length} ${issues.length === 1 ? 'error' : 'errors'}`, issues)

function collect(text: string, prose: boolean): TextPlan {
  const plan: TextPlan = { tasks: [], result: null, issues: [] }
  let attached = false
  for (const line of readLines(text)) {
    const task = plan.tasks.at(-1)
    if (line.kind === 'task') plan.tasks.push({ ...line, body: [] })
    else if (line.kind === 'result') plan.result = line
    else if (line.kind === 'error') plan.issues.push(at(line.line, line.message))
    else if (line.kind === 'depends' && task && task.dependsOn === null) task.dependsOn = line.numbers
    else if (line.kind === 'beneath' || line.kind === 'depends' || line.kind === 'blank') task?.body.push(line.text)
    else if (!prose)
      plan.issues.push(
        at(line.line, `expected "Task N: @role - …" or indented instructions, found "${short(line.text)}"`),
      )
    else if (attached) task?.body.push(line.text)
    attached = line.kind !== 'blank' && task !== undefined && (line.kind !== 'other' || attached)
    if (line.kind === 'task') attached = true
  }
  return plan
}

const short = (text: string): string => (text.length > 60 ? `${text.trim().slice(0, 60)}…` : text.trim())

function planOf(read: TextPlan) {
  const tasks = read.tasks.map((task) => {
    const body = plainInstructions(task.body.join('\n'))
    const long = task.title.length > TITLE_MAX_CHARS
    const title = long ? `${task.title.slice(0, DERIVED_TITLE_CHARS).trimEnd()}…` : task.title
    return {
      key: keyOf(task.number),
      role: task.role,
      ...(title === '' ? {} : { title }),
      instructions: long ? [task.title, body].filter((part) => part !== '').join('\n') : body,
      dependsOn: (task.dependsOn ?? []).map(keyOf),
    }
  })
  return read.result === null ? { tasks } : { tasks, result: keyOf(read.result.number) }
}

function repeatedNumbers(tasks: readonly TextTask[]): Issue[] {
  const first = new Map<number, number>()
  return tasks.flatMap((task) => {
    const before = first.get(task.number)
    if (before !== undefined) return [at(task.line, `Task ${task.number} stands already in line ${before}`)]
    first.set(task.number, task.line)
    return []
  })
}

function unknownResult({ tasks, result }: TextPlan): Issue[] {
  if (result === null || tasks.some((task) => task.number === result.number)) return []
  return [at(result.line, `the result names Task ${result.number}, which is not in the plan`)]
}

/** Issues of the plan as issues of the text: the path's task becomes its line, keys become "Task N". */
function onLines(issues: readonly Issue[], tasks: readonly TextTask[]): Issue[] {
  return issues.map((issue) => {
    const index = /^\/tasks\/(\d+)/.exec(issue.path)?.[1]
    const line = index === undefined ? 1 : (tasks[Number(index)]?.line ?? 1)
    const message = issue.message.replace(/^unknown task "t(\d+)": .*$/, 'depends on Task $1, which is not in the plan')
    const named = issue.cycle === undefined ? message : message.replace(/\bt(\d+)\b/g, 'Task $1')
    return { ...issue, ...at(line, named) }
  })
}

/** Lines without trailing blanks, common indentation and blank lines around: what survives the way through the text form. */
export function plainInstructions(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trimEnd())
  while (lines[0] === '') lines.shift()
  while (lines.at(-1) === '') lines.pop()
  const indents = lines.filter((line) => line !== '').map((line) => /^[ \t]*/.exec(line)?.[0] ?? '')
  const common = indents.reduce((a, b) => a.slice(0, sharedLength(a, b)), indents[0] ?? '')
  return lines.map((line) => line.slice(common.length)).join('\n')
}

function sharedLength(a: string, b: string): number {
  let n = 0
  while (n < a.length && a[n] === b[n]) n++
  return n
}
