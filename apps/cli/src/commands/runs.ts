import type { Client, RunAccepted, RunSummary } from '@flotilla/client'
import {
  dollars,
  isTerminalRun,
  RUN_STATUSES,
  totalTokens,
  type RunStatus,
  type RunView,
  type TaskSummaryView,
} from '@flotilla/domain'
import { Option } from 'commander'
import { receiptText, untilStopped } from '../cancel-receipt.ts'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Context, type Register, type ServerOptions } from '../context.ts'
import { wholeNumber } from '../input/values.ts'
import { atSecond, count, duration } from '../live/figures.ts'
import { readingOrder } from '../live/order.ts'
import { chooseProgress, type ProgressMode } from '../live/progress.ts'
import { manyLines, oneLine } from '../live/terminal-text.ts'
import { resultText } from '../result-text.ts'
import { pauseText, toResume, waitLines } from '../rest-text.ts'
import { table } from '../table.ts'
import { registerRunMoney } from './run-money.ts'
import { progressOption, runToEnd } from './run.ts'
import { showTask } from './show-task.ts'

interface ListOptions extends ServerOptions {
  readonly status?: RunStatus
  readonly label?: string
  readonly limit: number
  readonly cursor?: string
}

export const registerRuns: Register = (program, context) => {
  const runs = program
    .command('runs')
    .description('list, show, watch, start, pause, resume, cancel and delete runs; their budgets and costs')
  withServer(runs.command('list'))
    .description('list runs, newest first')
    .addOption(new Option('--status <status>', 'only runs in this state').choices(RUN_STATUSES))
    .option('--label <key=value>', 'only runs with this label')
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000), 20)
    .option('--cursor <cursor>', 'go on after an earlier list')
    .action(async (options: ListOptions) => void (context.exitCode = await list(context, options)))
  withServer(runs.command('show'))
    .description('show a run, its tasks and its result')
    .argument('<id>')
    .option('--report', 'print the completion report (Markdown)')
    .option('--task <key>', 'only this task: its attempts with their caps, and its output')
    .action(async (id: string, options: ServerOptions & { report?: boolean; task?: string }) => {
      if (options.task !== undefined) context.exitCode = await showTask(context, id, options.task, options)
      else context.exitCode = await (options.report ? report(context, id, options) : show(context, id, options))
    })
  withServer(runs.command('watch'))
    .description(
      'watch a run to its end; Ctrl-C leaves it running. With --json or without a terminal it ends also where the run is paused, with exit code 3',
    )
    .argument('<id>')
    .addOption(progressOption())
    .action(async (id: string, options: ServerOptions & { progress: ProgressMode }) => {
      context.exitCode = await watch(context, id, options)
    })
  registerRunMoney(runs, context)
  for (const [verb, what] of CONTROLS) {
    withServer(runs.command(verb))
      .description(what)
      .argument('<id>')
      .action(
        async (id: string, options: ServerOptions) =>
          void (context.exitCode = await control(context, verb, id, options)),
      )
  }
}

const CONTROLS = [
  ['start', 'start a run that was only planned'],
  ['pause', 'halt a run at its next turn boundaries'],
  ['resume', 'let a paused run go on'],
  ['cancel', 'cancel a run and all its tasks; prints the receipt'],
  ['delete', 'delete a run that has ended'],
] as const

async function list(context: Context, options: ListOptions): Promise<number> {
  const { terminal } = context
  const { status, cursor, limit } = options
  const label = options.label?.replace('=', ':')
  const page = await connect(context, options).runs.list({ status, cursor, limit, label })
  if (options.json) {
    terminal.out(JSON.stringify(page))
    return EXIT.done
  }
  if (page.items.length === 0) terminal.err('No runs. To give one: flotilla run "…" --docs ./docs')
  else terminal.out(table(LIST_COLUMNS, page.items.map(listRow)))
  if (page.nextCursor !== null) terminal.err(`More: flotilla runs list --cursor ${oneLine(page.nextCursor)}`)
  return EXIT.done
}

const LIST_COLUMNS = [
  { head: 'RUN' },
  { head: 'STATUS' },
  { head: 'TASKS', align: 'right' },
  { head: 'TOKENS', align: 'right' },
  { head: 'COST', align: 'right' },
  { head: 'CREATED (UTC)' },
  { head: 'GOAL', max: 50 },
] as const

const listRow = (run: RunSummary): string[] => [
  run.id,
  run.status.replace('_', ' '),
  `${run.progress.completed}/${run.progress.total}`,
  count(totalTokens(run.usage)),
  dollars(run.usage.costUsd),
  atSecond(run.createdAt),
  run.goal,
]

async function show(context: Context, id: string, options: ServerOptions): Promise<number> {
  const client = connect(context, options)
  const [run, tasks] = await Promise.all([client.runs.get(id), client.tasks.all(id)])
  const { terminal } = context
  const thinned = !options.json && (await isThinned(client, run))
  if (options.json) terminal.out(JSON.stringify({ ...run, tasks }))
  else {
    terminal.out(`${oneLine(run.goal)}\n`)
    if (tasks.length > 0) terminal.out(`${taskTable(tasks)}\n`)
    terminal.out(resultText(run, tasks, terminal.paintOut))
    const waiting = waitLines(tasks)
    if (waiting.length > 0) terminal.out(['', 'Waiting', ...waiting].join('\n'))
    if (run.pause !== undefined) terminal.out(pauseText(run.pause))
    if (run.cancellation !== null) terminal.out(receiptText(run.cancellation))
    for (const hint of [...(thinned ? [THINNED] : []), ...hintsOf(run, tasks)]) terminal.err(hint)
  }
  return EXIT.done
}

const THINNED =
  'Thinned out: older than FLOTILLA_RETAIN_EVENTS_DAYS, so the events of its tasks and the texts of their turns are gone; results are kept.'

const isThinned = async (client: Client, { id, status }: Pick<RunView, 'id' | 'status'>): Promise<boolean> =>
  isTerminalRun(status) && (await client.runs.events(id, { limit: 1 })).trimmed === true

function taskTable(tasks: readonly TaskSummaryView[]): string {
  const byKey = new Map(tasks.map((task) => [task.key, task]))
  const rows = readingOrder(tasks).flatMap(({ key }) => {
    const task = byKey.get(key)
    return task === undefined ? [] : [taskRow(task)]
  })
  return table(TASK_COLUMNS, rows)
}

const TASK_COLUMNS = [
  { head: 'TASK', max: 24 },
  { head: 'STATUS' },
  { head: 'AGENT', max: 24 },
  { head: 'TIME', align: 'right' },
  { head: 'TOKENS', align: 'right' },
  { head: 'SCORE', align: 'right' },
  { head: 'TITLE', max: 60 },
] as const

const taskRow = (task: TaskSummaryView): string[] => [
  task.key,
  task.wait === undefined ? task.status.replace('_', ' ') : 'waiting',
  task.agent?.name ?? `@${task.role}`,
  task.startedAt === null || task.finishedAt === null
    ? ''
    : duration(Date.parse(task.finishedAt) - Date.parse(task.startedAt)),
  count(totalTokens(task.usage)),
  task.score === null ? '' : task.score.toFixed(2),
  task.title,
]

function hintsOf(run: RunView, tasks: readonly TaskSummaryView[]): string[] {
  const waiting = tasks.filter(({ status }) => status === 'awaiting_approval').map(({ key }) => key)
  const decide = `Waits for a person: ${oneLine(waiting.join(', '))}. To decide: flotilla approvals list --run ${run.id}`
  return waiting.length === 0 ? toGoOn(run) : [decide, ...toGoOn(run)]
}

function toGoOn(run: RunView): string[] {
  if (run.status === 'awaiting_approval') return [`To start it: flotilla runs start ${run.id}`]
  if (run.status === 'paused') return [`To let it go on: ${toResume(run)}`]
  return isTerminalRun(run.status) ? [] : [`To watch it: flotilla runs watch ${run.id}`]
}

async function report(context: Context, id: string, options: ServerOptions): Promise<number> {
  const { runs } = connect(context, options)
  context.terminal.out(
    options.json ? JSON.stringify(await runs.reportJson(id)) : manyLines(await runs.report(id)).trimEnd(),
  )
  return EXIT.done
}

async function watch(
  context: Context,
  runId: string,
  options: ServerOptions & { progress: ProgressMode },
): Promise<number> {
  const { terminal, config } = context
  const progress = chooseProgress(options.progress, options.json ?? false, {
    ...terminal,
    environment: config.environment,
  })
  const client = connect(context, options)
  const thinned = !progress.json && (await isThinned(client, await client.runs.get(runId)))
  if (thinned) terminal.err(THINNED)
  return runToEnd(context, { client, runId, progress, cancels: false })
}

async function control(
  context: Context,
  verb: (typeof CONTROLS)[number][0],
  id: string,
  options: ServerOptions,
): Promise<number> {
  const client = connect(context, options)
  const { runs } = client
  const { terminal } = context
  if (verb === 'cancel') return cancel(context, client, id, options)
  if (verb === 'delete') {
    await runs.delete(id)
    terminal.out(options.json ? JSON.stringify({ id, deleted: true }) : `Deleted ${id}.`)
    return EXIT.done
  }
  const accepted = await runs[verb](id)
  terminal.out(options.json ? JSON.stringify(accepted) : isNow(accepted))
  return EXIT.done
}

const isNow = ({ id, status }: RunAccepted): string => `${id} is ${status.replace('_', ' ')}.`

async function cancel({ terminal }: Context, client: Client, id: string, options: ServerOptions): Promise<number> {
  const accepted = await client.runs.cancel(id)
  const cancellation = accepted.cancellation && (await untilStopped(client, id, accepted.cancellation))
  if (options.json) terminal.out(JSON.stringify({ ...accepted, cancellation }))
  else terminal.out(cancellation === null ? isNow(accepted) : `${isNow(accepted)} ${receiptText(cancellation)}`)
  return EXIT.done
}
