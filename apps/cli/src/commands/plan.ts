import type { RequestAnalysis } from '@flotilla/client'
import { dollars, RUN_ID, type Analysis, type CreateRunInput } from '@flotilla/domain'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Context, type Register, type ServerOptions } from '../context.ts'
import { readRunRequest, type RequestOptions } from '../input/run-request.ts'
import { count, duration } from '../live/figures.ts'
import { chooseProgress } from '../live/progress.ts'
import { manyLines, oneLine } from '../live/terminal-text.ts'
import { aboveMonth } from '../month-text.ts'
import { UsageError } from '../problem-text.ts'
import { withRequest } from './request-options.ts'
import { createRun, planOnly } from './run.ts'

interface PlanOptions extends ServerOptions, RequestOptions {
  readonly create?: boolean
}

export const registerPlan: Register = (program, context) => {
  withServer(withRequest(program.command('plan')))
    .summary('see how a goal would be planned, or the plan of a run')
    .description(
      'For a goal: what the planner understands of it, what it would cost, and what would make it better. No task is run; the analysis itself may ask the utility model, which the month pays for.\nFor the id of a run: its plan as text.',
    )
    .argument('[goal-or-run]', 'what is to be done, in quotes, or the id of a run')
    .option('--create', 'make the plan, as a run that waits to be started, and print it')
    .addHelpText(
      'after',
      `
Examples:
  flotilla plan "Compare these documents" --docs ./docs
  flotilla plan "Compare these documents" --docs ./docs --create > plan.txt
  flotilla plan run_01jd0000000000000000000000`,
    )
    .action(async (subject: string | undefined, options: PlanOptions) => {
      context.exitCode = await plan(context, subject, options)
    })
}

async function plan(context: Context, subject: string | undefined, options: PlanOptions): Promise<number> {
  const { terminal, config } = context
  const client = connect(context, options)
  if (subject !== undefined && RUN_ID.test(subject)) {
    terminal.out(
      options.json
        ? JSON.stringify(await client.plan.get(subject))
        : manyLines(await client.plan.text(subject)).trimEnd(),
    )
    return EXIT.done
  }
  const request = await readRunRequest(subject, options, config.cwd)
  if (!request.ok) throw new UsageError(request.problems)
  for (const note of request.value.notes) terminal.err(note)
  if (!options.create) return preview(context, request.value.input, options)
  const runId = await createRun(context, client, { ...request.value.input, start: false })
  if (runId === null) return EXIT.interrupted
  const surroundings = { ...terminal, environment: config.environment }
  return planOnly(context, client, runId, chooseProgress('auto', options.json ?? false, surroundings))
}

async function preview(context: Context, input: CreateRunInput, options: ServerOptions): Promise<number> {
  const client = connect(context, options)
  const answer = await client.analyses.create(input)
  if (options.json) context.terminal.out(JSON.stringify(answer))
  else context.terminal.out(analysisText(answer, aboveMonth(await client.budget.get(), answer.analysis.estimate)))
  return EXIT.done
}

/** What the planner makes of a request, for a reader; `short`: what the workspace has no room for. */
export function analysisText(
  { analysis, dispatch, coaching, alternatives, analysisCost }: RequestAnalysis,
  short: readonly string[] = [],
): string {
  const { estimate } = analysis
  const guessed = dispatch.kind === 'generated'
  const lines = [
    `Request     ${analysis.type.replaceAll('_', ' ')} (${Math.round(100 * analysis.confidence)}% sure), ${analysis.complexity}; analysed by ${analysis.by}`,
    `Plan        ${dispatch.kind}${dispatch.template === null ? '' : ` from "${dispatch.template}"`}: ${dispatch.reason}`,
    `Roles       ${analysis.roles.map((role) => `@${role}`).join(', ')}`,
    `Tasks       ${guessed ? 'about ' : ''}${estimate.tasks}, up to ${estimate.parallelism} at a time${guessed ? '; a guess, for the model makes the plan' : ''}`,
    `Tokens      ${rangeText(estimate.tokens, count)}`,
    `Cost        ${rangeText(estimate.costUsd, dollars)}`,
    `Time        ${timeText(estimate.seconds)}`,
    ...(estimate.secondsBasis === undefined ? [] : [`            ${estimate.secondsBasis}`]),
    ...paidLine(analysisCost),
    ...(dispatch.simulated ? ['Model       offline: simulated answers, no language model runs'] : []),
  ].map(oneLineKeepingColumns)
  return [
    ...lines,
    ...listed(
      'Requirements',
      analysis.requirements.map(({ text, source }) => `${text}${source === 'inferred' ? ' (inferred)' : ''}`),
    ),
    ...listed('What drives it', driverLines(estimate)),
    ...listed(
      'The same with another model',
      alternatives.map((other) => alternativeText(other, estimate.costUsd.expected)),
    ),
    ...listed('Warnings', [...short, ...analysis.warnings]),
    ...listed(
      'What would help',
      coaching.filter((advice) => !analysis.warnings.includes(advice)),
    ),
  ].join('\n')
}

const paidLine = ({ calls, costUsd }: RequestAnalysis['analysisCost']): string[] =>
  calls === 0
    ? []
    : [`Paid        the analysis itself took ${calls} ${calls === 1 ? 'call' : 'calls'}, ${dollars(costUsd)}`]

type Alternative = RequestAnalysis['alternatives'][number]

/** `anthropic:claude-small: about $0.20, 80% less`. */
function alternativeText({ model, costUsd }: Alternative, expected: number): string {
  const percent = expected === 0 ? 0 : Math.round(100 * (costUsd / expected - 1))
  const than = percent === 0 ? '' : percent < 0 ? `, ${-percent}% less` : `, ${percent}% more`
  return `${model}: about ${dollars(costUsd)}${than}`
}

const driverLines = ({ drivers = [] }: Analysis['estimate']): string[] =>
  drivers.map(
    ({ what, inputTokens, outputTokens, costUsd }) =>
      `${what}: ${count(inputTokens + outputTokens)} tokens, ${dollars(costUsd)}`,
  )

const HEAD_COLUMNS = 12
const oneLineKeepingColumns = (line: string): string =>
  `${line.slice(0, HEAD_COLUMNS)}${oneLine(line.slice(HEAD_COLUMNS))}`

function rangeText({ low, expected, high }: Analysis['estimate']['tokens'], show: (value: number) => string): string {
  return low === high ? show(expected) : `about ${show(expected)} (${show(low)} to ${show(high)})`
}

/** Seconds are shown whole: of less than one there is no range to tell. */
function timeText(seconds: Analysis['estimate']['seconds']): string {
  if (seconds.high < 1) return 'under a second'
  if (seconds.expected < 1) return `up to ${duration(1_000 * Math.ceil(seconds.high))}`
  return rangeText(seconds, (value) => duration(1_000 * value))
}

const listed = (head: string, items: readonly string[]): string[] =>
  items.length === 0 ? [] : ['', head, ...items.map((item) => `  - ${oneLine(item)}`)]
