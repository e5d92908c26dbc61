import type { Client } from '@flotilla/client'
import { isTerminalRun, type CreateRunInput } from '@flotilla/domain'
import { Option } from 'commander'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Context, type Register, type ServerOptions } from '../context.ts'
import { followToEnd } from '../follow-to-end.ts'
import { readRunRequest, type RequestOptions } from '../input/run-request.ts'
import { chooseProgress, PROGRESS_MODES, type Progress, type ProgressMode } from '../live/progress.ts'
import { manyLines } from '../live/terminal-text.ts'
import { UsageError } from '../problem-text.ts'
import { resultText } from '../result-text.ts'
import { withRequest } from './request-options.ts'

interface RunOptions extends ServerOptions, RequestOptions {
  readonly progress: ProgressMode
  readonly detach?: boolean
  readonly start: boolean
}

export const progressOption = (): Option =>
  new Option('--progress <how>', 'how to show what happens').choices(PROGRESS_MODES).default('auto')

export const registerRun: Register = (program, context) => {
  withServer(withRequest(program.command('run')))
    .summary('give a goal and watch it being worked on')
    .description(
      'Plans a goal, works on it and shows the tasks live, then the result.\nWhere the run is paused, it says what lets it go on, and waits; with --json or without a terminal it ends.\nExit code: 0 completed, 1 failed, 2 called wrongly, 3 paused, 130 cancelled by Ctrl-C.',
    )
    .argument('[goal]', 'what is to be done, in quotes')
    .option('--detach', 'print the id of the run and leave it to the server')
    .option('--no-start', 'only plan: the run waits for `flotilla runs start`')
    .addOption(progressOption())
    .addHelpText(
      'after',
      `
Examples:
  flotilla run "Compare these documents and recommend one" --docs ./docs
  flotilla run "Ship it" --plan plan.txt --budget-usd 2 --on-exceeded pause
  id=$(flotilla run "Summarise" --docs notes.md --detach) && flotilla runs watch $id
  flotilla run "Summarise" --docs notes.md --json | jq -r .type`,
    )
    .action(async (goal: string | undefined, options: RunOptions) => {
      context.exitCode = await runGoal(context, goal, options)
    })
}

async function runGoal(context: Context, goal: string | undefined, options: RunOptions): Promise<number> {
  const { terminal, config } = context
  const request = await readRunRequest(goal, options, config.cwd)
  if (!request.ok) throw new UsageError(request.problems)
  for (const note of request.value.notes) terminal.err(note)
  const client = connect(context, options)
  const input = options.start ? request.value.input : { ...request.value.input, start: false }
  const runId = await createRun(context, client, input)
  if (runId === null) return EXIT.interrupted
  if (options.detach) {
    terminal.out(options.json ? JSON.stringify({ id: runId }) : runId)
    return EXIT.done
  }
  const progress = chooseProgress(options.progress, options.json ?? false, {
    ...terminal,
    environment: config.environment,
  })
  if (!options.start) return planOnly(context, client, runId, progress)
  return runToEnd(context, { client, runId, progress, cancels: true })
}

/** Null when Ctrl-C came first: the run that was created is cancelled. */
export async function createRun(context: Context, client: Client, input: CreateRunInput): Promise<string | null> {
  let interrupted = false
  const off = context.onSignal('SIGINT', () => (interrupted = true))
  try {
    const { id } = await client.runs.create(input)
    if (!interrupted) return id
    await client.runs.cancel(id)
    context.terminal.err(`Cancelled ${id}.`)
    return null
  } finally {
    off()
  }
}

export type EndInput = Readonly<{ client: Client; runId: string; progress: Progress; cancels: boolean }>

/** Shows a run to its end and prints the result; the exit code says how it ended. */
export async function runToEnd(context: Context, input: EndInput): Promise<number> {
  const { terminal } = context
  const { client, runId, progress } = input
  const { state, interrupted, paused } = await followToEnd(context, input)
  if (paused !== null) {
    if (progress.json) terminal.out(JSON.stringify(paused))
    return EXIT.paused
  }
  if (!isTerminalRun(state.status)) {
    if (!input.cancels) terminal.err(`${runId} goes on. To watch again: flotilla runs watch ${runId}`)
    return interrupted ? EXIT.interrupted : EXIT.failed
  }
  const [run, tasks] = await Promise.all([client.runs.get(runId), client.tasks.all(runId)])
  if (progress.json) terminal.out(JSON.stringify(run))
  else terminal.out(resultText(run, tasks, terminal.paintOut))
  if (run.status === 'completed') return EXIT.done
  return run.status === 'cancelled' && interrupted ? EXIT.interrupted : EXIT.failed
}

/** Until the plan is there; the run then rests. */
export async function planOnly(context: Context, client: Client, runId: string, progress: Progress): Promise<number> {
  const { terminal } = context
  const { state, interrupted, paused } = await followToEnd(context, {
    client,
    runId,
    progress,
    cancels: true,
    endsAt: ({ type }) => type === 'run.awaiting_approval',
  })
  if (paused !== null) return EXIT.paused
  if (state.status !== 'awaiting_approval') {
    if (state.reason !== null) terminal.err(manyLines(state.reason))
    return interrupted ? EXIT.interrupted : EXIT.failed
  }
  if (progress.json) terminal.out(JSON.stringify(await client.plan.get(runId)))
  else {
    terminal.out(manyLines(await client.plan.text(runId)).trimEnd())
    terminal.err(`\nPlanned, not started. To start it: flotilla runs start ${runId}`)
  }
  return EXIT.done
}
