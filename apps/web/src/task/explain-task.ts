import { isTerminalTask, type AttemptView, type TaskView, type VerdictView } from '@flotilla/domain'
import { count, duration, percent, plural, tokens, usd } from '../format/quantities.ts'
import { sentenceEnd } from '../format/sentence.ts'
import { elapsedMs } from '../format/times.ts'
import { noAttemptsText } from './absent-words.ts'
import { cutOffMs } from './cut-off-text.ts'
import { readContext } from './record-shapes.ts'

/** Why a task went as it did, a sentence each, from the record alone. */
export const explainTask = (task: TaskView): string[] =>
  [
    whyAgent(task),
    task.attempts.length === 0 && isTerminalTask(task.status) ? noAttemptsText(task) : null,
    ...task.attempts.slice(1).map((attempt, i) => whyAgain(attempt, task.attempts[i])),
    ...task.verdicts.map(whyVerdict),
    task.status === 'failed' && task.error !== null ? `It failed: ${sentenceEnd(task.error.message)}` : null,
    whyTime(task),
    ...whyCost(task),
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
    return `It was ${decision} with ${percent(score)}: ${findings.length === 1 ? 'its criterion' : `all ${findings.length} criteria`} passed.`
  const why = failed.map(({ criterion, rationale }) => `${criterion} (${rationale})`).join('; ')
  return `The verdict was "${decision}" with ${percent(score)}: ${failed.length} of ${findings.length} criteria did not pass: ${why}.`
}

function whyTime({ startedAt, finishedAt, turns, cutOffCalls }: TaskView): string | null {
  if (startedAt === null || finishedAt === null || turns.length + cutOffCalls.length === 0) return null
  const whole = elapsedMs(startedAt, finishedAt, 0) ?? 0
  const cut = cutOffMs(cutOffCalls)
  const took = [...turns.map((turn) => elapsedMs(turn.startedAt, turn.finishedAt, 0) ?? 0), ...cut]
  const calls = turns.length === 0 ? '' : plural(turns.length, 'model call')
  return `It took ${duration(whole)}, of which ${duration(sumOf(took))} were ${[calls, cutText(cut, calls === '')].filter((text) => text !== '').join(', and ')}.`
}

function cutText(cut: readonly number[], alone: boolean): string {
  if (cut.length === 0) return ''
  const number = alone ? plural(cut.length, 'model call') : String(cut.length)
  return `${number} that ${cut.length === 1 ? 'was' : 'were'} cut off after ${cut.map(duration).join(' and ')}`
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

function whyCost({ usage, turns, cutOffCalls, verdicts }: TaskView): string[] {
  const all = usage.inputTokens + usage.outputTokens
  if (all === 0 || turns.length + cutOffCalls.length === 0) return []
  const shown = turns.map(({ attempt, turn, usage: { inputTokens, outputTokens } }) => ({
    what: `turn, ${turn} of attempt ${attempt},`,
    used: inputTokens + outputTokens,
  }))
  const cut = cutOffCalls.map((call) => ({
    what: `call, one of attempt ${call.attempt} that was cut off,`,
    used: call.tokens,
  }))
  const [most] = [...shown, ...cut].toSorted((a, b) => b.used - a.used)
  const used = `It used ${tokens(all)} for ${usd(usage.costUsd)}`
  const cutOff = sumOf(cut.map((call) => call.used))
  const rest = all - sumOf(shown.map((turn) => turn.used)) - cutOff
  const judged = verdicts.some(({ judgeModel }) => judgeModel !== null)
  return [
    most === undefined ? `${used}.` : `${used}; its largest ${most.what} took ${percent(most.used / all)}.`,
    ...(cutOff > 0 ? [`${tokens(cutOff)} of it went to calls that were cut off.`] : []),
    ...(rest > 0 ? [`${tokens(rest)} of it went to ${judged ? 'judges' : 'calls that are none of its turns'}.`] : []),
  ]
}

function whyCut({ context }: TaskView): string | null {
  const cut = readContext(context)?.sections.filter(({ cutTokens }) => cutTokens > 0) ?? []
  if (cut.length === 0) return null
  return `To fit the prompt, ${cut.map(({ name, cutTokens }) => `${count(cutTokens)} tokens of ${name}`).join(' and ')} were cut.`
}
