import type { Models, ModelView } from '@flotilla/domain'
import { connect, withServer } from '../connection.ts'
import { EXIT, type Register, type ServerOptions } from '../context.ts'
import { oneLine } from '../live/terminal-text.ts'
import { table } from '../table.ts'

export const registerModels: Register = (program, context) => {
  withServer(program.command('models'))
    .summary('the models in use, with their prices and where those come from')
    .description(
      'The models that the server uses, with their prices in US dollars per million tokens and where those come from. Own prices: FLOTILLA_PRICES.',
    )
    .action(async (options: ServerOptions) => {
      const models = await connect(context, options).models()
      context.terminal.out(options.json ? JSON.stringify(models) : modelsText(models))
      context.exitCode = EXIT.done
    })
}

const right = 'right' as const
const COLUMNS = [
  { head: 'MODEL', max: 50 },
  { head: 'USED AS', max: 40 },
  { head: 'INPUT', align: right },
  { head: 'CACHED', align: right },
  { head: 'WRITTEN', align: right },
  { head: 'OUTPUT', align: right },
  { head: 'REASONING', align: right },
  { head: 'PRICE FROM', max: 60 },
]

/** A line for each model, what is wrong with some, and which table it is. */
export function modelsText({ prices, items }: Models): string {
  const { version, ownEntries, unknownPrice } = prices
  const own = ownEntries.length === 0 ? 'no entries of your own' : `with your own for ${ownEntries.join(', ')}`
  const notes = items.flatMap(notesOf)
  return [
    table(COLUMNS, items.map(rowOf)),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `! ${oneLine(note)}`)]),
    '',
    oneLine(`Prices in US dollars per million tokens: table ${version}, ${own} (FLOTILLA_PRICES).`),
    `A model without a price: ${unknownPrice === 'refuse' ? 'is not called' : 'counts at the highest prices of the table'} (FLOTILLA_UNKNOWN_PRICE=${unknownPrice}).`,
  ].join('\n')
}

const FROM: Readonly<Record<ModelView['priceFrom'], string>> = {
  built_in: 'built-in table',
  own: 'your own',
  free: 'free',
  most_expensive: 'unknown: the highest of the table',
  unknown: 'unknown: not called',
}

function rowOf({ model, uses, simulated, price, priceFrom, priceEntry }: ModelView): string[] {
  const { input, cachedInput, cacheWrite, output, reasoning = output } = price ?? {}
  const rates = [input, cachedInput, cacheWrite, output, reasoning].map((rate) =>
    rate === undefined ? '' : `$${rate}`,
  )
  const entry = priceEntry !== null && priceEntry !== model && priceFrom !== 'free' ? ` (as ${priceEntry})` : ''
  return [model, `${uses.join(', ')}${simulated ? ', simulated' : ''}`, ...rates, `${FROM[priceFrom]}${entry}`]
}

const notesOf = ({ model, problem, price, priceNote }: ModelView): string[] => [
  ...(problem === null ? [] : [problem]),
  ...(priceNote === null ? [] : [priceNote]),
  ...(price?.longPrompt === undefined
    ? []
    : [
        `${model}: prompts above ${price.longPrompt.aboveInputTokens.toLocaleString('en')} tokens cost $${price.longPrompt.input} in and $${price.longPrompt.output} out`,
      ]),
]
