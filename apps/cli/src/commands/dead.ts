import type { DeadLetterSummaryView, DeadLetterView } from '@flotilla/domain'
import { Option } from 'commander'
import { attemptTable, tallyText } from '../attempt-text.ts'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Context, type Register, type ServerOptions } from '../context.ts'
import { wholeNumber } from '../input/values.ts'
import { atSecond } from '../live/figures.ts'
import { oneLine } from '../live/terminal-text.ts'
import { table } from '../table.ts'

interface ListOptions extends ServerOptions {
  readonly run?: string
  readonly redriven?: 'true' | 'false'
  readonly limit: number
  readonly cursor?: string
}

export const registerDead: Register = (program, context) => {
  const dead = program.command('dead').description('list, show and redrive tasks that are not tried again')
  withServer(dead.command('list'))
    .description('list dead letters, newest first')
    .option('--run <id>', 'only those of this run')
    .addOption(
      new Option('--redriven <which>', 'only those that were redriven, or were not').choices(['true', 'false']),
    )
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000), 20)
    .option('--cursor <cursor>', 'go on after an earlier list')
    .action(async (options: ListOptions) => void (context.exitCode = await list(context, options)))
  withServer(dead.command('show'))
    .description('show a dead letter: what was tried, on which workers, and the last turn')
    .argument('<id>')
    .action(async (id: string, options: ServerOptions) => void (context.exitCode = await show(context, id, options)))
  withServer(dead.command('redrive'))
    .description('do the task over in a new run that takes the results of the old one over')
    .argument('<id>')
    .action(async (id: string, options: ServerOptions) => void (context.exitCode = await redrive(context, id, options)))
}

async function list(context: Context, options: ListOptions): Promise<number> {
  const { terminal } = context
  const { run, cursor, limit } = options
  const redriven = options.redriven === undefined ? undefined : options.redriven === 'true'
  const page = await connect(context, options).deadLetters.list({ run, redriven, cursor, limit })
  if (options.json) {
    terminal.out(JSON.stringify(page))
    return EXIT.done
  }
  if (page.items.length === 0) terminal.err('No dead letters.')
  else terminal.out(table(COLUMNS, page.items.map(rowOf)))
  if (page.nextCursor !== null) terminal.err(`More: flotilla dead list --cursor ${oneLine(page.nextCursor)}`)
  return EXIT.done
}

const COLUMNS = [
  { head: 'LETTER' },
  { head: 'TASK', max: 24 },
  { head: 'RUN' },
  { head: 'REASON' },
  { head: 'ATTEMPTS', align: 'right' },
  { head: 'AT (UTC)' },
  { head: 'REDRIVEN TO' },
] as const

const rowOf = (letter: DeadLetterSummaryView): string[] => [
  letter.id,
  letter.taskKey,
  letter.runId,
  letter.reason.replaceAll('_', ' '),
  String(letter.attempts),
  atSecond(letter.at),
  letter.redrivenTo ?? '',
]

async function show(context: Context, id: string, options: ServerOptions): Promise<number> {
  const letter = await connect(context, options).deadLetters.get(id)
  const { terminal } = context
  if (options.json) {
    terminal.out(JSON.stringify(letter))
    return EXIT.done
  }
  for (const [name, value] of factsOf(letter)) terminal.out(`${name.padEnd(11)}${oneLine(value)}`)
  const attempts = letter.failures.map(({ attempt, ...failure }) => ({ ...failure, number: attempt }))
  if (attempts.length > 0) terminal.out(`\n${attemptTable(attempts)}`)
  if (letter.redrivenTo === null) terminal.err(`To do it over in a new run: flotilla dead redrive ${letter.id}`)
  return EXIT.done
}

function factsOf(letter: DeadLetterView): [string, string][] {
  const { lastTurn: last } = letter
  const tools = last === null || last.tools.length === 0 ? '' : `, asked for ${last.tools.join(', ')}`
  return [
    ['letter', `${letter.id} of ${atSecond(letter.at)} UTC`],
    ['task', `${letter.taskKey} (@${letter.role}): ${letter.title}`],
    ['run', `${letter.runId}, ${letter.runStatus.replace('_', ' ')}`],
    ['error', `${letter.error.code}: ${letter.error.message}`],
    ['tried', `${letter.attempts} attempts; ${tallyText(letter.counts)}`],
    [
      'last turn',
      last === null ? 'none is on record' : `${last.turn} of attempt ${last.attempt}, ${last.model}${tools}`,
    ],
    [
      'redriven',
      letter.redrivenTo === null ? 'not yet' : `to ${letter.redrivenTo} at ${atSecond(letter.redrivenAt ?? '')} UTC`,
    ],
  ]
}

async function redrive(context: Context, id: string, options: ServerOptions): Promise<number> {
  const run = await connect(context, options).deadLetters.redrive(id)
  const { terminal } = context
  terminal.out(options.json ? JSON.stringify(run) : `${run.id} does it over; it is ${run.status.replace('_', ' ')}.`)
  if (!options.json) terminal.err(`To watch it: flotilla runs watch ${run.id}`)
  return EXIT.done
}
