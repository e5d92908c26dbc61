import type { Failure } from '@flotilla/domain'
import { formatModelName, type ModelName } from './model-name.ts'
import type { TokenUsage } from './port.ts'
import type { Price, PriceTable } from './pricing.ts'

/** US dollars by what they were paid for; `totalUsd` is their sum to a ten-billionth, as the domain sums costs. */
export type CostParts = Readonly<{
  inputUsd: number
  cachedInputUsd: number
  cacheWriteUsd: number
  outputUsd: number
  reasoningUsd: number
  totalUsd: number
}>

type Rates = Readonly<{ input: number; cachedInput: number; cacheWrite: number; output: number; reasoning: number }>

function ratesFor(price: Price, inputTokens: number): Rates {
  const long = price.longPrompt
  if (long && inputTokens > long.aboveInputTokens)
    return { ...long, reasoning: Math.max(long.output, price.reasoning ?? 0) }
  return { ...price, reasoning: price.reasoning ?? price.output }
}

/** Ten-billionths of a US dollar, of tokens at US dollars per million. */
const units = (tokens: number, rate: number): number => tokens * rate * 1e4
const usd = (tenBillionths: number): number => tenBillionths / 1e10

/**
 * What a call cost. Reads `inputTokens` as including cached and written ones, `outputTokens` as including reasoning.
 * Parts are rounded so that they sum to the total exactly; what rounding leaves is in the output.
 */
export function costParts(price: Price, usage: TokenUsage): CostParts {
  const rate = ratesFor(price, usage.inputTokens)
  const reasoning = Math.min(usage.reasoningTokens, usage.outputTokens)
  const exact = {
    input: units(Math.max(0, usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens), rate.input),
    cached: units(usage.cachedInputTokens, rate.cachedInput),
    write: units(usage.cacheWriteTokens, rate.cacheWrite),
    output: units(usage.outputTokens - reasoning, rate.output),
    reasoning: units(reasoning, rate.reasoning),
  }
  const total = Math.round(exact.input + exact.cached + exact.write + exact.output + exact.reasoning)
  const [input, cached, write] = [Math.floor(exact.input), Math.floor(exact.cached), Math.floor(exact.write)]
  const thought = Math.floor(exact.reasoning)
  return {
    inputUsd: usd(input),
    cachedInputUsd: usd(cached),
    cacheWriteUsd: usd(write),
    outputUsd: usd(total - input - cached - write - thought),
    reasoningUsd: usd(thought),
    totalUsd: usd(total),
  }
}

export const costUsd = (price: Price, usage: TokenUsage): number => costParts(price, usage).totalUsd

/**
 * The most that a call can cost: its prompt at the dearest input rate, and all of its output. `knownCachedTokens` of
 * the prompt count as read from the cache: only what the reply before it in the same conversation was told to have
 * read or written, while the cache still holds it.
 */
export function worstCaseUsd(
  price: Price,
  inputTokens: number,
  maxOutputTokens: number,
  knownCachedTokens = 0,
): number {
  const rate = ratesFor(price, inputTokens)
  const dearest = Math.max(rate.input, rate.cachedInput, rate.cacheWrite)
  const cached = Math.min(knownCachedTokens, inputTokens)
  const input = units(inputTokens - cached, dearest) + units(cached, rate.cachedInput)
  return usd(Math.ceil(input + units(maxOutputTokens, Math.max(rate.output, rate.reasoning))))
}

/** The longest output that a call can have within `budgetUsd`, beside its prompt; below zero where not even that fits. */
export function outputTokensWithin(
  price: Price,
  inputTokens: number,
  budgetUsd: number,
  knownCachedTokens = 0,
): number {
  const left = budgetUsd - worstCaseUsd(price, inputTokens, 0, knownCachedTokens)
  const rate = ratesFor(price, inputTokens)
  const perToken = Math.max(rate.output, rate.reasoning)
  if (left < 0) return -1
  return perToken === 0 ? Number.MAX_SAFE_INTEGER : Math.max(0, Math.floor((left * 1e6) / perToken - 1e-6))
}

/** What to do with a model that has no price. */
export const UNKNOWN_PRICE_RULES = ['refuse', 'most_expensive'] as const
export type UnknownPriceRule = (typeof UNKNOWN_PRICE_RULES)[number]

export type Quote =
  | Readonly<{
      ok: true
      price: Price
      version: string
      /** Where the price is not the model's own: why, and what to do. */ note?: string
    }>
  | Readonly<{ ok: false; failure: Failure }>

/** The price that a call of a model is reckoned by, or why there is none. */
export function quotePrice(table: PriceTable, model: string | ModelName, unknown: UnknownPriceRule): Quote {
  const found = table.priceOf(model)
  if (found.known) return { ok: true, price: found.price, version: table.version }
  if (unknown === 'most_expensive') return { ok: true, price: found.price, version: table.version, note: found.note }
  const name = typeof model === 'string' ? model : formatModelName(model)
  const message = `no price is known for ${name}, and a model without a price is not called: give it one in FLOTILLA_PRICES, or have such models count as the most expensive one`
  return { ok: false, failure: { code: 'configuration', message } }
}
