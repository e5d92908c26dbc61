import { valueIn } from '../model/answer.ts'
import type { ExpectedTask } from '../plan/expected-outcome.ts'
import { violation } from './check-log.ts'
import type { RunHistory, TaskRow, Violation } from './history.ts'
import type { OutcomeSeals } from './outcome-seals.ts'

/** What the tasks came to: as the plan says, and as it was seen the first time. `mayRunOut`: its budget may leave work undone. */
export function checkOutcomes(
  history: RunHistory,
  expected: readonly ExpectedTask[],
  seals: OutcomeSeals,
  mayRunOut = false,
): Violation[] {
  const buried = history.tasks.some((task) => isBuried(history, task))
  const ranOut = mayRunOut && history.tasks.some((task) => hasRunOut(history, task))
  return history.tasks.flatMap((task) => [
    ...(ranOut && (task.status === 'skipped' || hasRunOut(history, task))
      ? []
      : checkStatus(history, task, expected[task.idx], buried)),
    ...checkOutput(history, task, expected[task.idx]),
    ...checkSeal(history, task, seals),
    ...checkLetter(history, task),
  ])
}

/** Failed because its workers died again and again, which a campaign of kills can do to any task. */
export const isBuried = (history: Pick<RunHistory, 'events'>, task: TaskRow): boolean =>
  failureOf(history, task) === 'worker_lost'

/** Failed since a call of it had no room in a budget. */
const hasRunOut = (history: RunHistory, task: TaskRow): boolean => failureOf(history, task) === 'budget_exceeded'

function failureOf({ events }: Pick<RunHistory, 'events'>, task: TaskRow): unknown {
  const end = events.find((event) => event.idx === task.idx && event.type === 'task.failed')
  return (end?.data['error'] as { code?: unknown } | undefined)?.code
}

function checkStatus(
  history: RunHistory,
  task: TaskRow,
  expected: ExpectedTask | undefined,
  buried: boolean,
): Violation[] {
  if (history.run.live || expected === undefined || task.status === expected.status) return []
  if (history.run.status === 'cancelled') return []
  if (buried && (task.status === 'failed' || task.status === 'skipped')) return []
  const reason = history.attempts
    .filter((row) => row.idx === task.idx && row.error !== null)
    .map((row) => `${row.number}: ${row.error}`)
  return [
    violation(
      history,
      'wrong_outcome',
      `task ${task.idx} is ${task.status}, the plan has it ${expected.status}; errors ${reason.join(', ') || 'none'}`,
    ),
  ]
}

/** What is not tried again is for a person to look at. */
function checkLetter(history: RunHistory, task: TaskRow): Violation[] {
  if (!isBuried(history, task) || history.deadLetters.includes(task.idx)) return []
  return [violation(history, 'no_dead_letter', `task ${task.idx} was buried, and nobody is told`)]
}

function checkOutput(history: RunHistory, task: TaskRow, expected: ExpectedTask | undefined): Violation[] {
  if (task.status !== 'completed' || expected?.status !== 'completed') return []
  const output = history.outputs.find((row) => row.idx === task.idx && row.attempt === task.attempt)
  if (output === undefined)
    return [
      violation(history, 'wrong_value', `task ${task.idx} is completed and has no output of attempt ${task.attempt}`),
    ]
  const value = valueIn(output.text)
  if (value === expected.value) return []
  return [
    violation(
      history,
      'wrong_value',
      `task ${task.idx} found ${value}, the plan comes to ${expected.value}: "${output.text}"`,
    ),
  ]
}

function checkSeal(history: RunHistory, task: TaskRow, seals: OutcomeSeals): Violation[] {
  const sealed = seals.find(history.run.id, task.idx)
  if (sealed === undefined) return []
  const output = history.outputs.find((row) => row.idx === task.idx && row.attempt === task.attempt)
  const now = `${task.status}/${task.attempt}/${output?.hash ?? ''}`
  return now === sealed
    ? []
    : [violation(history, 'outcome_changed', `task ${task.idx} was ${sealed} when it had ended, and is ${now}`)]
}
