import type { PriceTable } from './pricing.ts'
import type { ModelRegistry } from './registry.ts'

export const OTHER_MODEL = 'other'

export type ModelLabelDeps = Readonly<{
  models: Pick<ModelRegistry, 'defaultModel' | 'utilityModel'>
  fallbackModels: readonly string[]
  prices: Pick<PriceTable, 'priceOf'>
}>

/**
 * A model's name for a metric, of which there are only so many: that of a configured model; else the entry of the price table
 * that it falls under, since agents may be given any name that a provider takes; else `other`.
 */
export function createModelLabel({ models, fallbackModels, prices }: ModelLabelDeps): (ref: string) => string {
  const configured = new Set([models.defaultModel, models.utilityModel, ...fallbackModels])
  return (ref) => {
    if (configured.has(ref)) return ref
    const found = prices.priceOf(ref)
    return found.known ? found.entry : OTHER_MODEL
  }
}
