import type { TaskStatus, TaskView } from '@flotilla/domain'
import { sentenceEnd } from '../format/sentence.ts'

const ENDED: Readonly<Partial<Record<TaskStatus, string>>> = { failed: 'failed', cancelled: 'was cancelled' }

/** Beside what a task has left that did not come to its end; null where it did, or still may. */
export function unacceptedText(status: TaskStatus | undefined): string | null {
  const ended = status === undefined ? undefined : ENDED[status]
  return ended === undefined ? null : `of a task that ${ended}, not accepted`
}

/** Why a run failed at a task, after its title. */
export const whyFailed = (message: string): string => sentenceEnd(`: ${message}`)

/** What holds of what a failed task has written; null where it has written nothing. */
export function leftText({ output, verdicts }: Pick<TaskView, 'output' | 'verdicts'>, files: number): string | null {
  if (output === null && files === 0) return null
  return verdicts.length === 0
    ? 'What it had written was not judged to the end, and is not accepted:'
    : 'What it had written is not accepted:'
}
