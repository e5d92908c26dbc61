import type { Models, ModelView } from '@flotilla/domain'
import { MODEL_USES } from '@flotilla/domain'
import type { ModelRegistry, Price, PriceTable, UnknownPriceRule } from '@flotilla/llm'

type Use = ModelView['uses'][number]

export type ModelsInput = Readonly<{
  models: ModelRegistry
  fallbackModels: readonly string[]
  /** Models that agents are given. */
  agentModels: readonly string[]
  prices: PriceTable
  unknownPrice: UnknownPriceRule
}>

/** The models that are in use, each with its price and where that comes from. */
export function modelsView(input: ModelsInput): Models {
  const { prices, unknownPrice } = input
  const { version, asOf, ownEntries } = prices
  return {
    prices: { version, asOf, ownEntries: [...ownEntries], unknownPrice },
    items: [...modelUses(input)].map(([model, of]) => modelView(input, model, of)),
  }
}

/** The models that are in use by their full names, and for what. */
export function modelUses({
  models,
  fallbackModels,
  agentModels,
}: Pick<ModelsInput, 'models' | 'fallbackModels' | 'agentModels'>): ReadonlyMap<string, ReadonlySet<Use>> {
  const uses = new Map<string, Set<Use>>()
  const add = (ref: string, use: Use): void => {
    const found = models.resolve(ref)
    const name = found.ok ? found.value.ref : ref
    uses.set(name, (uses.get(name) ?? new Set()).add(use))
  }
  add(models.defaultModel, 'default')
  add(models.utilityModel, 'utility')
  for (const ref of fallbackModels) add(ref, 'fallback')
  for (const ref of agentModels) add(ref, 'agent')
  return uses
}

function modelView({ models, prices, unknownPrice }: ModelsInput, model: string, uses: ReadonlySet<Use>): ModelView {
  const found = models.resolve(model)
  return {
    model,
    uses: MODEL_USES.filter((use) => uses.has(use)),
    available: found.ok,
    simulated: found.ok && found.value.provider.simulated,
    problem: found.ok ? null : found.message,
    ...priceOf(prices, unknownPrice, model),
  }
}

function priceOf(
  prices: PriceTable,
  unknownPrice: UnknownPriceRule,
  model: string,
): Pick<ModelView, 'price' | 'priceFrom' | 'priceEntry' | 'priceNote'> {
  const found = prices.priceOf(model)
  if (found.known) return { price: shown(found.price), priceFrom: found.from, priceEntry: found.entry, priceNote: null }
  if (unknownPrice === 'most_expensive')
    return { price: shown(found.price), priceFrom: 'most_expensive', priceEntry: null, priceNote: found.note }
  const priceNote = `no price is known for ${model}, and FLOTILLA_UNKNOWN_PRICE=refuse lets no call of it begin: give it a price in FLOTILLA_PRICES`
  return { price: null, priceFrom: 'unknown', priceEntry: null, priceNote }
}

const shown = ({ reasoning, longPrompt, ...rates }: Price): NonNullable<ModelView['price']> => ({
  ...rates,
  ...(reasoning !== undefined && { reasoning }),
  ...(longPrompt !== undefined && { longPrompt }),
})
