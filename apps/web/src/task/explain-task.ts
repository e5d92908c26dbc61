import { isTerminalTask, type AttemptView, type TaskView, type VerdictView } from '@flotilla/domain'
import { count, duration, percent, plural, tokens, usd } from '../format/quantities.ts'
import { elapsedMs } from '../format/times.ts'
import { noAttemptsText } from './absent-words.ts'
import { readContext } from './record-shapes.ts'

/** Why a task went as it did, a sentence each, from the record alone. */
export const explainTask = (task: TaskView): string[] =>
  [
    whyAgent(task),
    task.attempts.length === 0 && isTerminalTask(task.status) ? noAttemptsText(task) : null,
    ...task.attempts.slice(1).map((attempt, i) => whyAgain(attempt, task.attempts[i])),
    ...task.verdicts.map(whyVerdict),
    whyTime(task),
    whyCost(task),
    whyCut(task),
    task.wait === undefined ? null : `It waits now: ${task.wait.why ?? 'its lane is closed'}.`,
  ].filter((sentence) => sentence !== null)

/** What its agent does, or has done, about it; nothing that is not done is said to be. */
const DID: Readonly<Record<TaskView['status'], string>> = {
  pending: 'has worked on it',
  ready: 'has worked on it',
  in_progress: 'works on it',
  verifying: 'did it',
  revising: 'did it',
  awaiting_approval: 'has worked on it',
  completed: 'did it',
  failed: 'worked on it',
  skipped: 'worked on it',
  cancelled: 'worked on it',
}

function whyAgent({ selection, attempts, status }: TaskView): string | null {
  if (selection === null) return null
  const others = selection.candidates.length - 1
  const among = others > 0 ? `, chosen among ${selection.candidates.length}` : ''
  const did = attempts.length === 0 ? 'was picked for it, to work' : DID[status]
  return `${selection.agent} ${did} with ${selection.model}${among}: ${selection.reason}.`
}

const KINDS: Readonly<Record<AttemptView['kind'], string>> = {
  first: 'was the first',
  retry: 'tried it again after a failure',
  revision: 'revised it after a verdict',
  recovery: 'went on for a worker that was lost',
  continuation: 'went on where the one before had stopped',
}

function whyAgain({ number, kind }: AttemptView, before: AttemptView | undefined): string {
  const error = before?.error?.message
  return `Attempt ${number} ${KINDS[kind]}${error === undefined ? '' : `: ${error}`}.`
}

function whyVerdict({ decision, score, findings }: VerdictView): string {
  const failed = findings.filter(({ passed }) => !passed)
  if (failed.length === 0)
    return `It was ${decision} with ${score.toFixed(2)}: ${findings.length === 1 ? 'its criterion' : `all ${findings.length} criteria`} passed.`
  const why = failed.map(({ criterion, rationale }) => `${criterion} (${rationale})`).join('; ')
  return `The verdict was "${decision}" with ${score.toFixed(2)}: ${failed.length} of ${findings.length} criteria did not pass: ${why}.`
}

function whyTime({ startedAt, finishedAt, turns }: TaskView): string | null {
  if (startedAt === null || finishedAt === null || turns.length === 0) return null
  const whole = elapsedMs(startedAt, finishedAt, 0) ?? 0
  const models = turns.reduce((sum, turn) => sum + (elapsedMs(turn.startedAt, turn.finishedAt, 0) ?? 0), 0)
  return `It took ${duration(whole)}, of which ${duration(models)} were ${plural(turns.length, 'model call')}.`
}

function whyCost({ usage, turns }: TaskView): string | null {
  const all = usage.inputTokens + usage.outputTokens
  const most = turns.toSorted((a, b) => b.usage.inputTokens - a.usage.inputTokens)[0]
  if (all === 0 || most === undefined) return null
  const share = percent((most.usage.inputTokens + most.usage.outputTokens) / all)
  const shown = turns.reduce((sum, turn) => sum + turn.usage.inputTokens + turn.usage.outputTokens, 0)
  const others = all > shown ? ` ${tokens(all - shown)} of it went to judges, and to calls that were cut off.` : ''
  return `It used ${tokens(all)} for ${usd(usage.costUsd)}; its largest turn, ${most.turn} of attempt ${most.attempt}, took ${share}.${others}`
}

function whyCut({ context }: TaskView): string | null {
  const cut = readContext(context)?.sections.filter(({ cutTokens }) => cutTokens > 0) ?? []
  if (cut.length === 0) return null
  return `To fit the prompt, ${cut.map(({ name, cutTokens }) => `${count(cutTokens)} tokens of ${name}`).join(' and ')} were cut.`
}
