import { isTerminalRun, type RunView, type TaskView } from '@flotilla/domain'

/** What was cut off tells for some seconds what it had used. */
const TELLS_LATE_MS = 20_000

type Ended = Pick<RunView, 'status' | 'cancellation' | 'finishedAt'>

/** Whether nothing of a run changes any more: it has ended, and what its end has cut off has told what it used. */
export function isSettled({ status, cancellation, finishedAt }: Ended, now: number): boolean {
  if (!isTerminalRun(status)) return false
  if (status === 'completed' || finishedAt === null) return true
  return (cancellation !== null && haveAllTold(cancellation)) || isLongAgo(finishedAt, now)
}

/** Tasks at work, a judge or the planner: each tells once. */
function haveAllTold({ was, tasks, stopped }: NonNullable<RunView['cancellation']>): boolean {
  const working = (tasks['in_progress'] ?? 0) + (tasks['verifying'] ?? 0) + (was === 'planning' ? 1 : 0)
  return stopped.calls >= working
}

/** The same of a task. */
export const isSettledTask = (
  { cutOffCalls, finishedAt }: Pick<TaskView, 'cutOffCalls' | 'finishedAt'>,
  now: number,
): boolean =>
  cutOffCalls.every(({ charged }) => charged === 'told' || charged === 'estimated') ||
  finishedAt === null ||
  isLongAgo(finishedAt, now)

const isLongAgo = (at: string, now: number): boolean => now - Date.parse(at) > TELLS_LATE_MS
