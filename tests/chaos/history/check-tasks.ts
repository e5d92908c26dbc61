import { violation } from './check-log.ts'
import { TASK_END, type EventRow, type RunHistory, type TaskRow, type Violation } from './history.ts'

/** Each task's way through the log: one end, starts in their order, nothing from whoever has lost the task. */
export function checkTasks(history: RunHistory): Violation[] {
  const byTask = Map.groupBy(history.events, (event) => event.idx)
  const completedAt = new Map<number, number>()
  for (const { idx, type, seq } of history.events)
    if (idx !== null && type === 'task.completed') completedAt.set(idx, seq)
  return history.tasks.flatMap((task) => {
    const events = byTask.get(task.idx) ?? []
    return [
      ...checkEnds(history, task, events),
      ...checkStarts(history, task, events, completedAt),
      ...checkWriters(history, task, events),
      ...checkAttemptRows(history, task),
      ...checkSkip(history, task),
    ]
  })
}

const ENDED: ReadonlySet<string> = new Set(Object.values(TASK_END))
const attemptOf = (event: EventRow): number | null => {
  const attempt = event.data['attempt']
  return typeof attempt === 'number' ? attempt : null
}

/** What a call of the task brought an account to is known when it is paid, which may be last. */
const isOfMoney = ({ type }: EventRow): boolean => type === 'budget.warning'

function checkEnds(history: RunHistory, task: TaskRow, events: readonly EventRow[]): Violation[] {
  const ends = events.filter((event) => event.type in TASK_END)
  const [first] = ends
  if (ends.length > 1)
    return [
      violation(history, 'ended_twice', `task ${task.idx}: ${ends.map((end) => `${end.seq} ${end.type}`).join(', ')}`),
    ]
  if (first === undefined && (ENDED.has(task.status) || !history.run.live))
    return [violation(history, 'never_ended', `task ${task.idx} is ${task.status} and its log has no end`)]
  if (first !== undefined && TASK_END[first.type] !== task.status)
    return [violation(history, 'never_ended', `task ${task.idx} is ${task.status}, its log ends with ${first.type}`)]
  return events
    .filter((event) => first !== undefined && event.seq > first.seq && !isOfMoney(event))
    .map((event) =>
      violation(
        history,
        'event_after_end',
        `task ${task.idx} ended with event ${first?.seq}; then ${event.seq} ${event.type}`,
      ),
    )
}

function checkStarts(
  history: RunHistory,
  task: TaskRow,
  events: readonly EventRow[],
  completedAt: ReadonlyMap<number, number>,
): Violation[] {
  const found: Violation[] = []
  const starts = events.filter((event) => event.type === 'task.started')
  for (const [i, start] of starts.entries()) {
    const open = task.deps.filter((dep) => (completedAt.get(dep) ?? Infinity) > start.seq)
    if (open.length > 0)
      found.push(
        violation(
          history,
          'started_early',
          `task ${task.idx} started with event ${start.seq}, before ${open.join(', ')} completed`,
        ),
      )
    if (attemptOf(start) !== i + 1)
      found.push(violation(history, 'attempt_gap', `start ${i + 1} of task ${task.idx} is attempt ${attemptOf(start)}`))
  }
  if (starts.length !== task.attempt)
    found.push(
      violation(
        history,
        'attempt_gap',
        `task ${task.idx} counts ${task.attempt} attempts, its log ${starts.length} starts`,
      ),
    )
  return found
}

/** After these nothing of the attempt may come any more. */
const GIVES_UP: ReadonlySet<string> = new Set(['task.recovered', 'task.retrying', 'task.revising'])

/** The outcome of a call stands under the attempt that made it, also where a later one has found it out. */
const isPastCall = ({ type }: EventRow): boolean => type === 'task.tool_called'

/** The log names attempts; of two, the later has the higher fence, and whoever has an older one is to be refused. */
function checkWriters(history: RunHistory, task: TaskRow, events: readonly EventRow[]): Violation[] {
  const found: Violation[] = []
  let holder: number | null = null
  for (const event of events) {
    const attempt = attemptOf(event)
    if (event.type === 'task.started') holder = attempt
    else if (attempt !== null && attempt !== holder && !(isPastCall(event) && holder !== null && attempt < holder)) {
      const kind = event.type === 'task.completed' || event.type === 'task.failed' ? 'wrong_winner' : 'late_write'
      found.push(
        violation(
          history,
          kind,
          `task ${task.idx}: event ${event.seq} ${event.type} is of attempt ${attempt}, which ${holder === null ? 'had given it up' : `${holder} had followed`}`,
        ),
      )
    }
    if (GIVES_UP.has(event.type)) holder = null
  }
  if (task.fence < task.attempt + task.recoveries)
    found.push(
      violation(
        history,
        'fence_behind',
        `task ${task.idx} has fence ${task.fence} after ${task.attempt} attempts and ${task.recoveries} recoveries`,
      ),
    )
  return found
}

/** A row for every attempt once it has ended, with numbers from 1 without a gap; a completed task's last one succeeded. */
function checkAttemptRows(history: RunHistory, task: TaskRow): Violation[] {
  if (!ENDED.has(task.status)) return []
  const rows = history.attempts.filter((row) => row.idx === task.idx).toSorted((a, b) => a.number - b.number)
  const numbers = rows.map((row) => row.number)
  if (numbers.length !== task.attempt || numbers.some((number, i) => number !== i + 1))
    return [
      violation(
        history,
        'attempt_rows',
        `task ${task.idx} ended after ${task.attempt} attempts; on record are ${numbers.join(', ') || 'none'}`,
      ),
    ]
  const last = rows.at(-1)
  if (task.status === 'completed' && last?.status !== 'succeeded')
    return [violation(history, 'attempt_rows', `task ${task.idx} is completed, its last attempt ${last?.status}`)]
  return []
}

function checkSkip(history: RunHistory, task: TaskRow): Violation[] {
  if (task.status !== 'skipped') return []
  const statuses = task.deps.map((dep) => history.tasks.find(({ idx }) => idx === dep)?.status)
  if (statuses.some((status) => status === 'failed' || status === 'skipped')) return []
  return [
    violation(
      history,
      'wrong_skip',
      `task ${task.idx} is skipped; what it depends on is ${statuses.join(', ') || 'nothing'}`,
    ),
  ]
}
