import { isJudged } from '@flotilla/domain'
import { escapeInline, nestMarkdown, quoteBlock } from './escape-markdown.ts'
import { formatCount, formatDuration, formatScore, formatUsd } from './format-figures.ts'
import type { JsonReport, ReportTask } from './report-schema.ts'

const CELL_CHARS = 120
const RATIONALE_CHARS = 400
const QUOTE_CHARS = 300

/** A report as Markdown. Foreign text is escaped; the result keeps its own Markdown, nested below its heading. */
export const renderReportMarkdown = (report: JsonReport): string =>
  [
    `# Report of ${escapeInline(report.runId)}`,
    ...(report.simulated ? [SIMULATED] : []),
    `## Goal\n\n${quoteBlock(report.goal)}`,
    overview(report),
    resultSection(report),
    tasksSection(report.tasks),
    verdictsSection(report.tasks),
    budgetSection(report),
    artifactsSection(report.artifacts),
    timingsSection(report),
    errorsSection(report.errors),
  ]
    .filter((section) => section !== '')
    .join('\n\n')
    .concat('\n')

const SIMULATED =
  '> **Simulated.** No language model was asked: the built-in offline model made these answers by extraction. Set a model key for real ones.'

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const cell = (text: string | null): string => (text === null || text === '' ? '–' : escapeInline(text, CELL_CHARS))

function overview({ status, mode, dispatch, quality, tasks, usage, estimated, unknown }: JsonReport): string {
  const completed = tasks.filter((task) => task.status === 'completed').length
  const rows = [
    ['Status', `**${status}**`],
    ['Tasks', `${completed} of ${tasks.length} completed, ${mode}`],
    ...(dispatch === null
      ? []
      : [['Plan', `${dispatch.kind} by ${cell(dispatch.planner)}: ${escapeInline(dispatch.reason, RATIONALE_CHARS)}`]]),
    ...(quality === null
      ? []
      : [
          [
            'Quality',
            `${isJudged(quality) ? formatScore(quality.score) : 'not judged'} (${qualityParts(quality.parts)})`,
          ],
        ]),
    [
      'Tokens',
      `${formatCount(usage.inputTokens)} in, ${formatCount(usage.outputTokens)} out, ${formatCount(usage.modelCalls)} model calls, ${formatCount(usage.toolCalls)} tool calls`,
    ],
    ['Cost', `${formatUsd(usage.costUsd)}${estimatedPart(estimated)}${unknownPart(unknown)}`],
  ]
  return `## Overview\n\n${table(['', ''], rows)}`
}

const estimatedPart = ({ calls, costUsd }: JsonReport['estimated']): string =>
  calls === 0
    ? ''
    : `, of it ${formatUsd(costUsd)} estimated: the usage of ${formatCount(calls)} of the calls was not told`

const unknownPart = ({ calls, costUsdAtMost }: JsonReport['unknown']): string =>
  calls === 0
    ? ''
    : `; ${formatCount(calls)} ${calls === 1 ? 'call' : 'calls'} ended without telling the usage: at most ${formatUsd(costUsdAtMost)} more`

const qualityParts = (parts: Readonly<Record<string, number>>): string =>
  Object.entries(parts)
    .map(([name, value]) => `${escapeInline(name)} ${formatScore(value)}`)
    .join(', ')

function resultSection({ result, status }: JsonReport): string {
  if (result === null) return '## Result\n\nThere is no result.'
  const partial =
    status === 'completed' ? '' : `The run is ${status}: what follows is what its completed tasks produced.\n\n`
  const text = `## Result\n\n${partial}${nestMarkdown(result.text.trim(), 2)}`
  if (result.citations.length === 0) return text
  const sources = result.citations.map(
    ({ marker, quote }) => `- ${escapeInline(marker)} “${escapeInline(quote, QUOTE_CHARS)}”`,
  )
  return `${text}\n\n### Sources\n\n${sources.join('\n')}`
}

function tasksSection(tasks: readonly ReportTask[]): string {
  if (tasks.length === 0) return ''
  const rows = tasks.map((task) => [
    cell(task.key),
    cell(task.title),
    cell(task.role),
    cell(task.agent),
    cell(task.models?.join(', ') ?? task.model),
    task.status,
    String(task.attempts),
    formatScore(task.score),
    formatCount(task.tokens),
    formatUsd(task.costUsd),
    formatDuration(task.durationMs),
  ])
  const head = ['Task', 'Title', 'Role', 'Agent', 'Model', 'Status', 'Attempts', 'Score', 'Tokens', 'Cost', 'Duration']
  return `## Tasks\n\n${table(head, rows)}`
}

function verdictsSection(tasks: readonly ReportTask[]): string {
  const rows = tasks.flatMap((task) =>
    task.verdicts.flatMap((verdict) =>
      verdict.findings.map((finding) => [
        cell(task.key),
        String(verdict.attempt),
        verdict.decision,
        `${finding.passed ? 'passed' : 'failed'} ${formatScore(finding.score)}`,
        cell(finding.criterion),
        finding.by === 'judge' ? `judge ${cell(verdict.judgeModel)}` : 'rule',
        escapeInline(finding.rationale, RATIONALE_CHARS),
      ]),
    ),
  )
  return rows.length === 0
    ? ''
    : `## Verdicts\n\n${table(['Task', 'Attempt', 'Decision', 'Finding', 'Criterion', 'By', 'Rationale'], rows)}`
}

function budgetSection({ budget, estimate }: JsonReport): string {
  const { limits, spent } = budget
  const limitOf = (name: string): string => {
    const limit = limits[name]
    return typeof limit === 'number' ? formatCount(limit) : 'no limit'
  }
  const expected = (dimension: 'tokens' | 'costUsd' | 'seconds', format: (n: number) => string): string =>
    estimate === null ? '–' : `${format(estimate[dimension].low)} to ${format(estimate[dimension].high)}`
  const cost = limits['costUsd']
  const rows = [
    ['Tokens', formatCount(spent.tokens), expected('tokens', formatCount), limitOf('tokens')],
    [
      'Cost',
      formatUsd(spent.costUsd),
      expected('costUsd', formatUsd),
      typeof cost === 'number' ? formatUsd(cost) : 'no limit',
    ],
    ['Tool calls', formatCount(spent.toolCalls), '–', limitOf('toolCalls')],
    ['Seconds', formatCount(spent.seconds), expected('seconds', formatCount), limitOf('seconds')],
  ]
  return `## Budget\n\n${table(['', 'Spent', 'Expected', 'Limit'], rows)}`
}

function artifactsSection(artifacts: JsonReport['artifacts']): string {
  if (artifacts.length === 0) return ''
  const rows = artifacts.map(({ name, mediaType, sizeBytes, taskKey, sha256 }) => [
    cell(name),
    cell(mediaType),
    formatCount(sizeBytes),
    cell(taskKey),
    cell(sha256),
  ])
  return `## Artifacts\n\n${table(['Name', 'Type', 'Bytes', 'Task', 'SHA-256'], rows)}`
}

function timingsSection({ timings, generatedAt }: JsonReport): string {
  const rows = [
    ['Created', cell(timings.createdAt), ''],
    ['Started', cell(timings.startedAt), `after ${formatDuration(timings.waitMs)}`],
    ['Finished', cell(timings.finishedAt), `took ${formatDuration(timings.durationMs)}`],
    ['Reported', cell(generatedAt), ''],
  ]
  return `## Timings\n\n${table(['', 'At', ''], rows)}`
}

function errorsSection(errors: JsonReport['errors']): string {
  if (errors.length === 0) return ''
  const lines = errors.map(
    ({ code, message, taskKey }) =>
      `- ${taskKey === undefined ? '' : `**${cell(taskKey)}** `}${cell(code)}: ${escapeInline(message, RATIONALE_CHARS)}`,
  )
  return `## Errors\n\n${lines.join('\n')}`
}
