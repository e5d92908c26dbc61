import type { WorkspaceBudgetSet } from '@flotilla/client'
import type { WorkspaceBudget } from '@flotilla/domain'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Context, type Register, type ServerOptions } from '../context.ts'
import { amount, MOST_AMOUNT, MOST_SECONDS, orNone, wholeNumber } from '../input/values.ts'
import { atSecond } from '../live/figures.ts'
import { limitOption } from '../rest-text.ts'
import { limitTable, noticeLine, unknownLine } from '../money-text.ts'
import { UsageError } from '../problem-text.ts'

type Limit = number | 'none'
interface SetOptions extends ServerOptions {
  readonly usd?: Limit
  readonly tokens?: Limit
  readonly toolCalls?: Limit
  readonly seconds?: Limit
}

export const registerBudget: Register = (program, context) => {
  const budget = program
    .command('budget')
    .description("show and set what the workspace may spend in a calendar month; a run's own: runs budget")
  withServer(budget.command('show'))
    .description('show the limits of this month, with what is spent and held of them')
    .action(async (options: ServerOptions) => {
      const found = await connect(context, options).budget.get()
      context.terminal.out(options.json ? JSON.stringify(found) : workspaceBudgetText(found))
      context.exitCode = EXIT.done
    })
  withServer(budget.command('set'))
    .description('set limits of the month; what is not given stays, "none" takes a limit away')
    .option('--usd <amount>', 'at most so many US dollars', orNone(amount))
    .option('--tokens <n>', 'at most so many tokens', orNone(wholeNumber(1, MOST_AMOUNT)))
    .option('--tool-calls <n>', 'at most so many tool calls', orNone(wholeNumber(0, MOST_AMOUNT)))
    .option('--seconds <n>', 'at most so much time worked, summed over calls', orNone(wholeNumber(1, MOST_SECONDS)))
    .action(async (options: SetOptions) => {
      context.exitCode = await set(context, options)
    })
}

async function set(context: Context, options: SetOptions): Promise<number> {
  const { usd, tokens, toolCalls, seconds } = options
  const given = Object.entries({ costUsd: usd, tokens, toolCalls, seconds }).flatMap(([name, limit]) =>
    limit === undefined ? [] : [[name, limit === 'none' ? null : limit] as const],
  )
  if (given.length === 0)
    throw new UsageError([
      'no limit is given: expected --usd, --tokens, --tool-calls or --seconds, each a number or none',
    ])
  const found = await connect(context, options).budget.change({ limits: Object.fromEntries(given) })
  context.terminal.out(options.json ? JSON.stringify(found) : workspaceBudgetText(found))
  if (!options.json) for (const line of afterSetLines(found)) context.terminal.err(line)
  return EXIT.done
}

/** Which runs go on, and what those that do not need. */
export function afterSetLines({ resumed, resting }: Pick<WorkspaceBudgetSet, 'resumed' | 'resting'>): string[] {
  const goOn = resumed.length === 0 ? [] : [`Goes on, since the month is larger now: ${resumed.join(', ')}`]
  if (resting.runs === 0) return goOn
  const rest = resting.runs === 1 ? '1 run still rests' : `${resting.runs} runs still rest`
  const needs = resting.needs.map((need) => limitOption(need)).join(' ')
  return [
    ...goOn,
    needs === ''
      ? `${rest}, and may go on with what there is: flotilla runs list --status paused, then flotilla runs resume RUN`
      : `${rest}; for the first to go on the month needs at least: flotilla budget set ${needs}`,
  ]
}

/** Limits of the month with what is spent and held of them, and what happens when one is reached. */
export function workspaceBudgetText(budget: WorkspaceBudget): string {
  const { month, resetsAt, whenReached, notice } = budget
  const lines = [
    limitTable(month, budget),
    ...unknownLine(budget),
    ...noticeLine(notice),
    `The next month begins ${atSecond(resetsAt)} UTC.`,
  ]
  if (Object.keys(budget.limits).length === 0)
    return [...lines, 'No limit is set: flotilla budget set --usd 50'].join('\n')
  return [...lines, `When it is used up: ${whenReached}.`].join('\n')
}
