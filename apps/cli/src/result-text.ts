import {
  checkEstimate,
  dollars,
  isJudged,
  isTerminalRun,
  totalTokens,
  type RunView,
  type TaskSummaryView,
} from '@flotilla/domain'
import type { Paint } from './live/frame.ts'
import { count, duration } from './live/figures.ts'
import { estimateText, unknownLine } from './money-text.ts'
import { cut, fit, manyLines, oneLine, widthOf } from './live/terminal-text.ts'

const SOURCE_COLUMNS = 118
const MARKER_COLUMNS = 44

/** A run that has ended, for a reader: how it ended, what came out, where that stands, what it cost. */
export function resultText(run: RunView, tasks: readonly TaskSummaryView[], paint: Paint): string {
  return [
    paint('bold', `Run ${oneLine(run.id)} ${run.status.replace('_', ' ')}`),
    factsOf(run, tasks),
    ...unknownLine(run.budget),
    ...(run.quality === null ? [] : [qualityOf(run.quality)]),
    ...estimateOf(run),
    ...modelsOf(run, tasks),
    ...failuresOf(run, tasks, paint),
    ...(run.result === null ? [] : ['', manyLines(run.result.text).trim()]),
    ...sourcesOf(run),
  ].join('\n')
}

function factsOf(run: RunView, tasks: readonly TaskSummaryView[]): string {
  const { completed, failed, skipped, total } = run.progress
  const facts = [`${completed} of ${total} tasks done`]
  if (failed > 0) facts.push(`${failed} failed`)
  if (skipped > 0) facts.push(`${skipped} skipped`)
  const again = tasks.filter((task) => task.begun > 1).length
  if (again > 0) facts.push(`${again} took more than one attempt`)
  facts.push(`${count(totalTokens(run.usage))} tokens`, dollars(run.usage.costUsd))
  if (run.startedAt !== null && run.finishedAt !== null)
    facts.push(wallText(Date.parse(run.finishedAt) - Date.parse(run.startedAt), 1_000 * run.budget.spent.seconds))
  return facts.join(' · ')
}

/** `activeMs` is without pauses. */
const wallText = (wallMs: number, activeMs: number): string =>
  wallMs - activeMs < 2_000 ? duration(wallMs) : `${duration(wallMs)} (${duration(wallMs - activeMs)} of it paused)`

/** What was expected beside what it took, once it has ended. */
function estimateOf(run: RunView): string[] {
  const check = isTerminalRun(run.status) ? checkEstimate(run.analysis, run.budget.spent) : null
  return check === null ? [] : [`Expected ${estimateText(check)}`]
}

function qualityOf(quality: NonNullable<RunView['quality']>): string {
  const { score, parts } = quality
  const named = Object.entries(parts).map(([name, value]) => `${oneLine(name)} ${value.toFixed(2)}`)
  return `Quality ${isJudged(quality) ? score.toFixed(2) : 'not judged'}${named.length === 0 ? '' : ` (${named.join(', ')})`}`
}

/** Says plainly where no model stands behind the text. */
function modelsOf(run: Pick<RunView, 'simulated'>, tasks: readonly TaskSummaryView[]): string[] {
  const models = [
    ...new Set(tasks.flatMap(({ model, models: all = model === null ? [] : [model] }) => all.map(oneLine))),
  ]
  if (models.length === 0) return []
  if (!run.simulated) return [`Answered by ${models.join(', ')}`]
  if (models.some((model) => !model.startsWith('offline'))) return [`Answered by ${models.join(', ')}: simulated`]
  return ['Answered by the offline model: simulated, put together from passages; no language model ran']
}

function failuresOf(run: RunView, tasks: readonly TaskSummaryView[], paint: Paint): string[] {
  const failed = tasks.filter((task) => task.status === 'failed')
  if (run.error === null && failed.length === 0) return []
  const lines = failed.map(
    (task) => `  ✖ ${task.key} (@${task.role}): ${task.error?.message ?? 'no reason was recorded'}`,
  )
  const own = run.error === null ? [] : [`${run.error.code}: ${run.error.message}`]
  return [...own, ...lines].map((line) => paint('red', line.startsWith('  ') ? `  ${oneLine(line)}` : oneLine(line)))
}

function sourcesOf(run: RunView): string[] {
  const citations = run.result?.citations ?? []
  if (citations.length === 0) return []
  const seen = new Map(citations.map(({ marker, quote }) => [oneLine(marker), oneLine(quote)]))
  const width = Math.min(MARKER_COLUMNS, Math.max(...[...seen.keys()].map(widthOf)))
  const lines = [...seen].map(([marker, quote]) => `  ${cut(`${fit(marker, width)}  ${quote}`, SOURCE_COLUMNS)}`)
  return ['', 'Sources', ...lines]
}
