import type { CostKinds, RunCost, RunView } from '@flotilla/domain'
import { Option, type Command } from 'commander'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Context, type ServerOptions } from '../context.ts'
import { amount, wholeNumber } from '../input/values.ts'
import { count, dollars } from '../live/figures.ts'
import { table } from '../table.ts'

interface BudgetOptions extends ServerOptions {
  readonly usd?: number
  readonly tokens?: number
  readonly toolCalls?: number
  readonly seconds?: number
  readonly onExceeded?: 'degrade' | 'pause' | 'fail'
}

const MOST = 1_000_000_000_000

/** `runs budget` and `runs cost`. */
export function registerRunMoney(runs: Command, context: Context): void {
  withServer(runs.command('budget'))
    .description('show the budget of a run, or change it; a run that its budget has paused goes on')
    .argument('<id>')
    .option('--usd <amount>', 'at most so many US dollars', amount)
    .option('--tokens <n>', 'at most so many tokens', wholeNumber(1, MOST))
    .option('--tool-calls <n>', 'at most so many tool calls', wholeNumber(0, MOST))
    .option('--seconds <n>', 'at most so long, pauses not counted', wholeNumber(1, MOST))
    .addOption(
      new Option('--on-exceeded <policy>', 'what becomes of a call that does not fit').choices([
        'degrade',
        'pause',
        'fail',
      ]),
    )
    .action(async (id: string, options: BudgetOptions) => {
      context.exitCode = await budget(context, id, options)
    })
  withServer(runs.command('cost'))
    .description('show what the model calls of a run have cost, by kind, task and model')
    .argument('<id>')
    .action(async (id: string, options: ServerOptions) => {
      const cost = await connect(context, options).runs.cost(id)
      context.terminal.out(options.json ? JSON.stringify(cost) : costText(cost))
      context.exitCode = EXIT.done
    })
}

async function budget({ terminal, ...context }: Context, id: string, options: BudgetOptions): Promise<number> {
  const { runs } = connect({ terminal, ...context }, options)
  const { usd, tokens, toolCalls, seconds, onExceeded } = options
  const given = Object.entries({ costUsd: usd, tokens, toolCalls, seconds, onExceeded })
  const changed = Object.fromEntries(given.filter(([, value]) => value !== undefined))
  const run = Object.keys(changed).length === 0 ? await runs.get(id) : await runs.patch(id, { budget: changed })
  terminal.out(options.json ? JSON.stringify(run.budget) : budgetText(run))
  return EXIT.done
}

const ROWS = [
  { name: 'cost', field: 'costUsd', show: dollars },
  { name: 'tokens', field: 'tokens', show: count },
  { name: 'tool calls', field: 'toolCalls', show: count },
  { name: 'seconds', field: 'seconds', show: count },
] as const

/** Limits with what is spent and held of them. */
export function budgetText({ budget: { limits, reserved, spent } }: Pick<RunView, 'budget'>): string {
  const columns = [
    { head: 'BUDGET' },
    { head: 'LIMIT', align: 'right' },
    { head: 'SPENT', align: 'right' },
    { head: 'RESERVED', align: 'right' },
  ] as const
  const rows = ROWS.map(({ name, field, show }) => {
    const limit = limits[field]
    return [name, typeof limit === 'number' ? show(limit) : 'none', show(spent[field]), show(reserved[field])]
  })
  const policy = typeof limits['onExceeded'] === 'string' ? [`When it is used up: ${limits['onExceeded']}`] : []
  return [table(columns, rows), ...policy].join('\n')
}

const KINDS: readonly Readonly<{ head: string; of: keyof CostKinds }>[] = [
  { head: 'INPUT', of: 'inputUsd' },
  { head: 'CACHED', of: 'cachedInputUsd' },
  { head: 'WRITTEN', of: 'cacheWriteUsd' },
  { head: 'OUTPUT', of: 'outputUsd' },
  { head: 'REASONING', of: 'reasoningUsd' },
  { head: 'COST', of: 'totalUsd' },
]

/** The cost of a run by kind, in all and by what it was for, by model and by task. */
export function costText({ total, byPurpose, byModel, byTask, lostCalls }: RunCost): string {
  const columns = [
    { head: '' },
    { head: 'CALLS', align: 'right' },
    ...KINDS.map(({ head }) => ({ head, align: 'right' as const })),
  ] as const
  const row = (name: string, { calls, cost }: RunCost['total']): string[] => [
    name,
    String(calls),
    ...KINDS.map(({ of }) => dollars(cost[of])),
  ]
  const rows = [
    row('all', total),
    ...byPurpose.map((each) => row(`for ${each.purpose}`, each)),
    ...byModel.map((each) => row(each.model, each)),
    ...byTask.flatMap((each) => (each.taskKey === null ? [] : [row(`task ${each.taskKey}`, each)])),
  ]
  const lost = lostCalls === 0 ? [] : [`Of ${lostCalls} calls nobody knows the cost: their workers were lost.`]
  return [table(columns, rows), ...lost].join('\n')
}
