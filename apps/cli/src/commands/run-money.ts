import type { CostSplit, PatchRunInput, RunCost, RunView } from '@flotilla/domain'
import type { Command } from 'commander'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Context, type ServerOptions } from '../context.ts'
import { amount, MOST_AMOUNT, MOST_SECONDS, orNone, wholeNumber } from '../input/values.ts'
import { costTable, estimatedLine, estimateText, limitTable, lostLine } from '../money-text.ts'
import { onExceededOption } from './request-options.ts'

type Limit = number | 'none'
interface BudgetOptions extends ServerOptions {
  readonly usd?: Limit
  readonly tokens?: Limit
  readonly toolCalls?: Limit
  readonly seconds?: Limit
  readonly onExceeded?: 'degrade' | 'pause' | 'fail'
}

/** `runs budget` and `runs cost`. */
export function registerRunMoney(runs: Command, context: Context): void {
  withServer(runs.command('budget'))
    .description(
      'show the budget of a run, or change it: what is not given stays, "none" takes a limit away; a run that its budget has paused goes on with a larger one',
    )
    .argument('<id>')
    .option('--usd <amount>', 'at most so many US dollars', orNone(amount))
    .option('--tokens <n>', 'at most so many tokens', orNone(wholeNumber(1, MOST_AMOUNT)))
    .option('--tool-calls <n>', 'at most so many tool calls', orNone(wholeNumber(0, MOST_AMOUNT)))
    .option('--seconds <n>', 'at most so long, pauses not counted', orNone(wholeNumber(1, MOST_SECONDS)))
    .addOption(onExceededOption())
    .action(async (id: string, options: BudgetOptions) => {
      context.exitCode = await budget(context, id, options)
    })
  withServer(runs.command('cost'))
    .description(
      'show what the model calls of a run have cost, by kind, purpose, model, agent and task, beside what was expected',
    )
    .argument('<id>')
    .action(async (id: string, options: ServerOptions) => {
      const cost = await connect(context, options).runs.cost(id)
      context.terminal.out(options.json ? JSON.stringify(cost) : costText(cost))
      context.exitCode = EXIT.done
    })
}

async function budget({ terminal, ...context }: Context, id: string, options: BudgetOptions): Promise<number> {
  const { runs } = connect({ terminal, ...context }, options)
  const changed = budgetPatch(options)
  const run = changed === null ? await runs.get(id) : await runs.patch(id, { budget: changed })
  terminal.out(options.json ? JSON.stringify(run.budget) : budgetText(run))
  return EXIT.done
}

/** What the options change; null takes a limit away. Null for no option. */
export function budgetPatch(options: BudgetOptions): PatchRunInput['budget'] | null {
  const { usd, tokens, toolCalls, seconds, onExceeded } = options
  const given = Object.entries({ costUsd: usd, tokens, toolCalls, seconds, onExceeded }).filter(
    ([, value]) => value !== undefined,
  )
  if (given.length === 0) return null
  return Object.fromEntries(given.map(([name, value]) => [name, value === 'none' ? null : value]))
}

/** Limits with what is spent and held of them. */
export function budgetText({ budget: { limits, reserved, spent } }: Pick<RunView, 'budget'>): string {
  const policy = typeof limits['onExceeded'] === 'string' ? [`When it is used up: ${limits['onExceeded']}`] : []
  return [limitTable('BUDGET', { limits, reserved, spent }), ...policy].join('\n')
}

/** The cost of a run by kind, in all and by what it was for, by agent, by model and by task; and what was expected. */
export function costText(run: RunCost): string {
  const { total, byPurpose, byAgent, byModel, byTask, lostCalls, estimate } = run
  const rows: (readonly [string, CostSplit])[] = [
    ['all', total],
    ...byPurpose.map((each) => [`for ${each.purpose}`, each] as const),
    ...byModel.map((each) => [each.model, each] as const),
    ...byAgent.flatMap((each) => (each.agent === null ? [] : [[`by ${each.agent}`, each] as const])),
    ...byTask.flatMap((each) => (each.taskKey === null ? [] : [[`task ${each.taskKey}`, each] as const])),
  ]
  return [
    costTable('', rows),
    ...estimatedLine(total),
    ...lostLine(lostCalls),
    ...(estimate === null ? [] : ['', `Expected before the run: ${estimateText(estimate)}`]),
  ].join('\n')
}
