import { createHash } from 'node:crypto'
import { ConfigurationError } from '@flotilla/domain'
import * as v from 'valibot'
import { formatModelName, isTable, modelKeyProblem, parseModelName, type ModelName } from './model-name.ts'
import bundled from './prices.json' with { type: 'json' }
import { tableFaults } from './table-faults.ts'

const found =
  (expected: string) =>
  ({ received }: { received: string }): string =>
    `expected ${expected}, found ${received}`
const usd = found('US dollars per million tokens, from 0 to 100,000')
const amount = v.pipe(v.number(usd), v.minValue(0, usd), v.maxValue(100_000, usd))
const many = found('a whole number of tokens from 1 on')
const tokens = v.pipe(v.number(many), v.integer(many), v.minValue(1, many))
const rates = { input: amount, cachedInput: amount, cacheWrite: amount, output: amount }

const PriceSchema = v.strictObject({
  ...rates,
  /** Where reasoning costs other than the rest of the output. */
  reasoning: v.optional(amount),
  longPrompt: v.optional(v.strictObject({ aboveInputTokens: tokens, ...rates })),
})
const OverridesSchema = v.pipe(
  v.custom<object>(isTable, 'expected an object of prices by model, found a list'),
  v.record(
    v.pipe(
      v.string(),
      v.check(
        (key) => modelKeyProblem(key) === null,
        ({ input }) => modelKeyProblem(input) ?? '',
      ),
    ),
    PriceSchema,
    found('an object of prices by model'),
  ),
)

/**
 * US dollars per million tokens. Where the prompt of a call is longer than `longPrompt.aboveInputTokens`, those rates
 * hold for the whole call.
 */
export type Price = Readonly<v.InferOutput<typeof PriceSchema>>
export type PriceOverrides = Readonly<Record<string, Price>>

export type PriceLookup =
  | {
      known: true
      price: Price
      /** The entry of the table that matched. */
      entry: string
      from: 'built_in' | 'own' | 'free'
    }
  /** Reckoned at the most expensive rates of the table; `note` says so, and what to do. */
  | { known: false; price: Price; note: string }

/** `version` names the bundled table and, by a digest, the operator's own entries: what a recorded cost was reckoned by. */
export type PriceTable = {
  asOf: string
  version: string
  /** Keys of the operator's own entries. */
  ownEntries: readonly string[]
  priceOf(model: string | ModelName): PriceLookup
}

const FREE: Price = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 }
const FREE_PREFIXES: ReadonlySet<string> = new Set(['offline', 'scripted', 'noop'])

/**
 * The bundled table with the operator's own entries over it. Keys are `provider:model`, matched as a prefix that ends
 * where a word of the name ends, the longest first: `openai:gpt-5` covers `gpt-5-2025-08-07`, not `gpt-5.9`. A key that
 * ends in its colon covers all models of the provider. Throws a ConfigurationError for an entry that is no price.
 */
export function createPriceTable(overrides: unknown = {}): PriceTable {
  const own = readPrices(overrides)
  const shipped = readPrices(bundled.models)
  const entries = Object.entries({ ...shipped, ...own }).toSorted(([a], [b]) => b.length - a.length)
  const dearest = mostExpensive(entries.map(([, price]) => price))
  return {
    asOf: bundled.asOf,
    version: versionOf(own),
    ownEntries: Object.keys(own),
    priceOf: (model) => lookUp({ entries, dearest, own }, model),
  }
}

function versionOf(own: PriceOverrides): string {
  const shipped = `${bundled.version} (${bundled.asOf})`
  if (Object.keys(own).length === 0) return shipped
  const sorted = Object.entries(own).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `${shipped} + ${createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 8)}`
}

function readPrices(prices: unknown): PriceOverrides {
  const read = v.safeParse(OverridesSchema, prices)
  if (read.success) return read.output
  throw new ConfigurationError(
    `${tableFaults(read.issues).join('; ')}: give input, cachedInput, cacheWrite and output, in US dollars per million tokens`,
  )
}

type Table = Readonly<{ entries: readonly [string, Price][]; dearest: Price; own: PriceOverrides }>

function lookUp({ entries, dearest, own }: Table, model: string | ModelName): PriceLookup {
  const text = typeof model === 'string' ? model : formatModelName(model)
  const parsed = parseModelName(text)
  const name = parsed.ok ? formatModelName(parsed.value) : text
  const match = entries.find(([entry]) => covers(entry, name))
  if (match)
    return { known: true, entry: match[0], price: match[1], from: Object.hasOwn(own, match[0]) ? 'own' : 'built_in' }
  if (parsed.ok && FREE_PREFIXES.has(parsed.value.provider))
    return { known: true, entry: 'free', price: FREE, from: 'free' }
  return {
    known: false,
    price: dearest,
    note: `no price is known for ${name}, so its tokens count at the highest prices of the table (${dearest.input} / ${dearest.output} US dollars per million in / out): add a price for "${name}"`,
  }
}

function covers(entry: string, name: string): boolean {
  if (!name.startsWith(entry)) return false
  const next = name[entry.length]
  return next === undefined || entry.endsWith(':') || next === '-' || next === ':' || next === '@'
}

function mostExpensive(prices: readonly Price[]): Price {
  const max = (pick: (price: Price | NonNullable<Price['longPrompt']>) => number): number =>
    prices.reduce((top, price) => Math.max(top, pick(price), price.longPrompt ? pick(price.longPrompt) : 0), 0)
  return {
    input: max((price) => price.input),
    cachedInput: max((price) => price.cachedInput),
    cacheWrite: max((price) => price.cacheWrite),
    output: max((price) => Math.max(price.output, 'reasoning' in price ? (price.reasoning ?? 0) : 0)),
  }
}
