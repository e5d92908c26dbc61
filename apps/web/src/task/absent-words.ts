import { isTerminalTask, type TaskStatus, type TaskView } from '@flotilla/domain'

/** What to say where a task has nothing to show: that it may still come, or why it never will. */

type Task = Pick<TaskView, 'status' | 'attempts' | 'output'>

/** How a task ended that nobody had begun, after "It". */
const ENDED: Readonly<Partial<Record<TaskStatus, string>>> = {
  cancelled: 'was cancelled before it began',
  skipped: 'was skipped, and never began',
  failed: 'failed before it began',
  completed: 'was taken over with its result, and not done again',
}

export const noAttemptsText = ({ status }: Pick<Task, 'status'>): string =>
  isTerminalTask(status) ? `It ${ENDED[status] ?? 'ended before it began'}.` : 'Nobody has begun it yet.'

export function noTurnsText({ status, attempts }: Pick<Task, 'status' | 'attempts'>): string {
  if (!isTerminalTask(status)) return 'No model has been called yet.'
  return attempts.length === 0 ? noAttemptsText({ status }) : 'No model was called: it ended before its first call.'
}

const UNJUDGED: Readonly<Partial<Record<TaskStatus, string>>> = {
  cancelled: 'it was cancelled',
  skipped: 'it was skipped',
  failed: 'it failed before there was anything to judge',
  completed: 'it has no criteria',
}

export function noVerdictText({ status, output }: Pick<Task, 'status' | 'output'>): string {
  if (!isTerminalTask(status)) return 'Nothing has been judged yet.'
  if (status === 'failed' && output !== null)
    return 'No verdict: it failed after its output was written, before that was judged to the end.'
  return `No verdict: ${UNJUDGED[status] ?? 'it has ended'}.`
}

export const noSelectionText = ({ status }: Pick<Task, 'status'>): string =>
  isTerminalTask(status)
    ? `None was picked: it ${ENDED[status] ?? 'ended before it began'}.`
    : 'None has been picked yet.'
