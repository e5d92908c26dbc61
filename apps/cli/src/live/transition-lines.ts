import { reasonOfEvent, type RunEvent } from '@flotilla/domain'
import { duration } from './figures.ts'
import { toDecide } from './reduce.ts'
import { savingText, warningText } from './saving-text.ts'
import type { LiveState, TaskLine } from './state.ts'
import { oneLine } from './terminal-text.ts'

/** Told by the lines around them, or too many to be of use. */
const QUIET: ReadonlySet<string> = new Set([
  'run.progress',
  'task.ready',
  'task.turn',
  'task.tool_called',
  'run.plan_ready',
])

const WHAT: Readonly<Record<string, string>> = { 'approval.requested': 'approval', 'approval.decided': 'decided' }

/**
 * The line that an event adds to a log that only grows, or null: `07:41:02 task done     Compare the replies (3.0 s, 4/10)`.
 * `state` is one after the event, perhaps with later ones taken in. Times are UTC, as everywhere in the record.
 */
export function transitionLine(event: RunEvent, state: LiveState): string | null {
  if (QUIET.has(event.type)) return null
  const task = event.taskKey === undefined ? undefined : state.tasks.get(event.taskKey)
  const time = oneLine(event.at.slice(11, 19))
  const what = WHAT[event.type] ?? oneLine(event.type.slice(event.type.indexOf('.') + 1)).replaceAll('_', ' ')
  const subject = event.taskKey === undefined ? 'run' : 'task'
  const text = task === undefined ? aboutRun(event) : aboutTask(task, event, state)
  return `${time} ${subject.padEnd(4)} ${what.padEnd(9)} ${oneLine(text)}`
}

function aboutRun(event: RunEvent): string {
  const reason = whyOf(event)
  const tasks = event.data['tasks']
  const facts = event.type === 'run.started' && typeof tasks === 'number' ? ` (${tasks} tasks)` : ''
  return `${event.runId}${facts}${reason === null ? '' : `: ${reason}`}`
}

function aboutTask(task: TaskLine, event: RunEvent, state: LiveState): string {
  const reason = event.type === 'approval.requested' ? toDecide(event.data) : whyOf(event)
  const facts = factsOf(task, event, state)
  const name = task.title === task.key ? task.key : `${task.key}: ${task.title}`
  return `${name}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}${reason === null ? '' : `: ${reason}`}`
}

function whyOf({ type, data }: RunEvent): string | null {
  if (type === 'budget.warning') return warningText(data)
  const [saved, reason] = [type === 'budget.degraded' ? savingText(data) : null, reasonOfEvent(data)]
  return saved === null ? reason : `${saved}${reason === null ? '' : `, since ${reason}`}`
}

function factsOf(task: TaskLine, { type, data }: RunEvent, { counts }: LiveState): string[] {
  if (type === 'task.started') {
    const kind = typeof data['kind'] === 'string' ? `: ${oneLine(data['kind'])}` : ''
    const attempt =
      typeof data['attempt'] === 'number' && data['attempt'] > 1 ? [`attempt ${data['attempt']}${kind}`] : []
    return [...(task.agent === null ? [] : [task.agent]), ...attempt]
  }
  if (type !== 'task.completed' && type !== 'task.failed') return []
  const { startedAt, finishedAt } = task
  const took = startedAt === null || finishedAt === null ? [] : [duration(finishedAt - startedAt)]
  const reused = data['reused'] === undefined ? [] : ['taken over']
  return [...reused, ...took, `${counts.completed + counts.failed + counts.skipped}/${counts.total}`]
}
