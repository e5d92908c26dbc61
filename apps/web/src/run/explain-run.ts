import { isJudged, isTerminalTask, QUALITY_WEIGHTS, totalTokens, type Analysis, type RunView } from '@flotilla/domain'
import { requestType } from '../format/request-type.ts'
import { duration, percent, plural, tokens, usd } from '../format/quantities.ts'
import { elapsedMs } from '../format/times.ts'
import { beforeTasks, lastedMs, stageSums } from './before-tasks.ts'
import { haltTexts, pausedMs, pausesOf } from './halts.ts'
import { POLICIES, policyOf } from './policy-text.ts'
import { sumSpans } from './timeline-scale.ts'
import { attemptMs, type TaskLine } from './task-lines.ts'
import type { LiveRun } from './use-run.ts'

export type Answer = Readonly<{ text: string; taskKey?: string }>
export type Explanation = Readonly<{ question: string; answers: readonly Answer[] }>

/** What the record says of why a run went as it did; a question that it does not answer is left out. */
export function explainRun({ run, tasks, fold }: LiveRun, now: number): Explanation[] {
  return [
    { question: 'When was it paused, or ended early?', answers: haltTexts(run, fold.events).map((text) => ({ text })) },
    { question: 'Why this plan?', answers: whyPlan(run) },
    { question: 'Who did what, and how was it judged?', answers: whoDidWhat(tasks, run.status, now) },
    { question: 'Why this cost?', answers: whyCost(run, tasks) },
    {
      question: 'What took its time?',
      answers: [...whyLater(run, fold.events, now), ...whyTime(tasks, fold.events, now)],
    },
    { question: 'What went wrong, and what was done about it?', answers: whatWentWrong(tasks) },
    { question: 'Why this quality?', answers: whyQuality(run, now) },
    { question: 'What did its budget change?', answers: whatBudgetDid(run, fold.events) },
  ].filter(({ answers }) => answers.length > 0)
}

function whyPlan({ analysis, dispatch }: RunView): Answer[] {
  const answers: Answer[] = []
  if (analysis !== null) answers.push({ text: understoodText(analysis) })
  if (dispatch !== null) {
    const how = { explicit: 'The plan was handed in', template: 'A template fits', generated: 'A planner wrote it' }
    answers.push({ text: `${how[dispatch.kind]} (${dispatch.planner}): ${dispatch.reason}.` })
    if (dispatch.repairs > 0)
      answers.push({
        text: `The planner's first answer was no valid plan; it was sent back ${plural(dispatch.repairs, 'time')}.`,
      })
  }
  for (const warning of analysis?.warnings ?? []) answers.push({ text: `Warned beforehand: ${warning}` })
  return answers
}

const understoodText = ({ complexity, type, confidence, by }: Analysis): string =>
  `The request was taken for a ${complexity} ${requestType(type)}, with a confidence of ${percent(confidence)}, by ${by}.`

const TASKS_TOLD = 20

/** Why each got its agent, and what was found, stands with the task. */
function whoDidWhat(tasks: readonly TaskLine[], status: RunView['status'], now: number): Answer[] {
  const done = tasks.filter(({ agent, spans }) => agent !== null || spans.length > 0)
  const answers: Answer[] = done
    .slice(0, TASKS_TOLD)
    .map((task) => ({ text: `${task.title}: ${didText(task)}${endText(task, status, now)}.`, taskKey: task.key }))
  if (done.length > TASKS_TOLD) answers.push({ text: `${done.length - TASKS_TOLD} more stand under Tasks.` })
  return answers
}

function didText({ status, begun, startedAt, agent, model, score }: TaskLine): string {
  const who = agent ?? 'an agent'
  if (begun === 0 && startedAt === null && status !== 'completed')
    return isTerminalTask(status) ? `was to be done by ${who}, never began` : `is to be done by ${who}`
  return `${who}${model === null ? '' : ` with ${model}`}${score === null ? '' : `, judged ${percent(score)}`}`
}

/** Of what the run's end has cut off. */
function endText(task: TaskLine, status: RunView['status'], now: number): string {
  if (task.status !== 'cancelled' || (task.begun === 0 && task.startedAt === null)) return ''
  const worked = attemptMs(task, now)
  const how = worked === 0 ? 'ended' : `cut off after ${duration(worked)}`
  return `, ${how}, when the run ${status === 'cancelled' ? 'was cancelled' : 'ended'}`
}

function whyCost(run: RunView, tasks: readonly TaskLine[]): Answer[] {
  if (run.usage.modelCalls === 0) return []
  const { expected, low, high } = run.analysis?.estimate.costUsd ?? {}
  const estimated =
    expected === undefined || high === 0
      ? ''
      : `; about ${usd(expected)} was expected (${usd(low ?? 0)} to ${usd(high ?? 0)})`
  const answers: Answer[] = [
    {
      text: `${usd(run.usage.costUsd)} for ${plural(run.usage.modelCalls, 'model call')} and ${tokens(totalTokens(run.usage))}${estimated}.`,
    },
  ]
  for (const task of tasks.toSorted((a, b) => b.costUsd - a.costUsd || b.tokens - a.tokens).slice(0, 3))
    if (task.tokens > 0)
      answers.push({
        text: `${task.title}: ${tokens(task.tokens)}, ${percent(task.tokens / totalTokens(run.usage))} of all, ${usd(task.costUsd)}.`,
        taskKey: task.key,
      })
  return answers
}

const SHOWN = 5
const LONG_MS = 1_000

/** The share of a run's time from which on it is told what came before its tasks. */
const NOTICED = 0.1

function whyLater({ startedAt, finishedAt }: RunView, events: LiveRun['fold']['events'], now: number): Answer[] {
  const stages = beforeTasks(events, now)
  const ms = lastedMs(stages)
  const after = elapsedMs(startedAt, finishedAt, now) ?? 0
  if (ms === 0 || ms < (ms + after) * NOTICED) return []
  const parts = [...stageSums(stages)].map(([name, part]) => `${name} ${duration(part)}`)
  const share = after === 0 ? '' : `, ${percent(ms / (ms + after))} of all; its duration counts from then on`
  return [{ text: `Before its tasks could begin ${duration(ms)} passed${share}: ${parts.join(', ')}.` }]
}

function whyTime(tasks: readonly TaskLine[], events: LiveRun['fold']['events'], now: number): Answer[] {
  const sums = sumSpans(
    tasks.flatMap(({ spans }) => spans),
    now,
  )
  const whole = sums.wait + sums.gate + sums.model + sums.tool + sums.verify + sums.other
  if (whole === 0) return []
  const answers: Answer[] = [
    {
      text: `Of all the time of its tasks ${percent(sums.model / whole)} went to models, ${percent(sums.tool / whole)} to tools, ${percent(sums.verify / whole)} to verifying, ${percent(sums.other / whole)} to what is done around the calls${tasks.some(isCutInFirstCall) ? ', with attempts that were cut off before their first answer' : ''}, ${percent(sums.wait / whole)} to waiting for a worker and ${percent(sums.gate / whole)} to being held back.`,
    },
  ]
  const waited = tasks
    .map((task) => ({ task, ms: sumSpans(task.spans, now).wait + sumSpans(task.spans, now).gate }))
    .filter(({ ms }) => ms >= LONG_MS)
    .toSorted((a, b) => b.ms - a.ms)
  const pauses = pausesOf(events, now)
  for (const { task, ms } of waited.slice(0, SHOWN))
    answers.push({
      text: `${task.title} waited ${duration(ms)}${waitText(task, ms, pauses, now)}.`,
      taskKey: task.key,
    })
  return answers
}

/** No turn tells when a first call began: the timeline has it around the calls. */
const isCutInFirstCall = ({ status, spans }: TaskLine): boolean =>
  status === 'cancelled' && spans.at(-1)?.kind === 'other' && spans.at(-2)?.kind !== 'model'

/** Why: a pause, or what it waits for now; what has ended it is no reason for its wait. */
function waitText(
  { status, reason, spans }: TaskLine,
  ms: number,
  pauses: ReturnType<typeof pausesOf>,
  now: number,
): string {
  const waits = spans.filter(({ kind }) => kind === 'wait' || kind === 'gate')
  const paused = pausedMs(waits, pauses, now)
  if (paused >= ms) return ': the run was paused'
  const part = paused > 0 ? `, ${duration(paused)} of it while the run was paused` : ''
  return isTerminalTask(status) || reason === null ? part : `${part}: ${reason}`
}

const whatWentWrong = (tasks: readonly TaskLine[]): Answer[] =>
  tasks
    .filter(({ status, begun }) => status === 'failed' || status === 'skipped' || begun > 1)
    .slice(0, 20)
    .map((task) => ({ text: wrongText(task), taskKey: task.key }))

function wrongText({ title, status, begun, reason }: TaskLine): string {
  const why = reason === null ? '' : `: ${reason}`
  if (status === 'failed') return `${title} failed after ${plural(begun, 'attempt')}${why}.`
  if (status === 'skipped') return `${title} was skipped${why}.`
  return `${title} was begun ${begun} times${why}.`
}

function whatBudgetDid({ budget }: RunView, events: LiveRun['fold']['events']): Answer[] {
  const changed = events
    .filter(({ type }) => type.startsWith('budget.'))
    .map(({ data, taskKey }) => ({
      text: typeof data['reason'] === 'string' ? data['reason'] : 'A limit came near.',
      ...(taskKey === undefined ? {} : { taskKey }),
    }))
  return changed.length === 0 ? [] : [{ text: `The rule: ${POLICIES[policyOf(budget)].says}` }, ...changed]
}

/** What each part is a share or a mean of. */
const QUALITY_PARTS: Readonly<Record<keyof typeof QUALITY_WEIGHTS, string>> = {
  verification: 'the mean score of the verdicts on its tasks',
  completion: 'the share of its tasks that were completed',
  citations: 'the share of statements in the result that cite a source, where there are documents',
  revisions: 'the fewer, the better',
}
const QUALITY_TEXT = `${Object.entries(QUALITY_PARTS)
  .map(([part, text]) => `${part} counts for ${percent(QUALITY_WEIGHTS[part as keyof typeof QUALITY_PARTS])}: ${text}`)
  .join('; ')}.`

function whyQuality({ quality, startedAt, finishedAt }: RunView, now: number): Answer[] {
  if (quality === null) return []
  const parts = Object.entries(quality.parts).map(([part, score]) => `${part} ${percent(score)}`)
  const took = duration(elapsedMs(startedAt, finishedAt, now) ?? 0)
  if (!isJudged(quality))
    return [{ text: `Nothing judged it: its tasks have no criteria. Otherwise ${parts.join(', ')}, after ${took}.` }]
  return [{ text: `${percent(quality.score)} after ${took}, out of ${parts.join(', ')}.` }, { text: QUALITY_TEXT }]
}
