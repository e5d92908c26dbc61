import type { CostReport } from '@flotilla/domain'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Register, type ServerOptions } from '../context.ts'
import { moment, wholeNumber } from '../input/values.ts'
import { atSecond } from '../live/figures.ts'
import { costTable, estimatedLine, lostLine } from '../money-text.ts'

interface CostOptions extends ServerOptions {
  readonly by: string
  readonly from?: string
  readonly to?: string
  readonly limit: number
}

export const registerCosts: Register = (program, context) => {
  withServer(program.command('costs'))
    .summary('what the model calls of the workspace have cost')
    .description("What the workspace's model calls have cost, by kind. Without times: this calendar month, in UTC.")
    .option('--by <what>', 'agent, model, task_type, purpose, run, day or label:KEY', 'model')
    .option('--from <time>', 'calls from then on', moment)
    .option('--to <time>', 'calls before then', moment)
    .option('--limit <n>', 'how many lines; the rest is summed', wholeNumber(1, 1_000), 20)
    .action(async (options: CostOptions) => {
      const { by, from, to, limit } = options
      const costs = await connect(context, options).costs({ by, from, to, limit })
      context.terminal.out(options.json ? JSON.stringify(costs) : costReportText(costs))
      context.exitCode = EXIT.done
    })
}

/** A line for each group, the rest, and the sum. */
export function costReportText({ from, to, by, total, items, rest, lostCalls }: CostReport): string {
  const rows = items.map((each) => [each.key ?? 'none', each] as const)
  return [
    `Calls from ${atSecond(from)} to ${atSecond(to)} UTC`,
    '',
    costTable(by.replace('_', ' ').toUpperCase(), [
      ...rows,
      ...(rest.calls > 0 ? [['the rest', rest] as const] : []),
      ['all', total],
    ]),
    ...estimatedLine(total),
    ...lostLine(lostCalls),
  ].join('\n')
}
