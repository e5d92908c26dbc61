import { ConfigurationError } from '@flotilla/domain'
import type { RequestAnalysisDeps } from '@flotilla/engine'
import {
  NO_TOKENS,
  configuredModels,
  costUsd,
  createPriceTable,
  type ModelRegistry,
  type ResolvedModel,
} from '@flotilla/llm'
import type { Clock } from '@flotilla/runtime'
import type { Config } from './config.ts'

/** The models that analyse requests: the utility model answers, and the working one is what a run would cost. */
export function openModels(config: Config, clock: Clock): Omit<RequestAnalysisDeps, 'db'> {
  const registry = openRegistry(config)
  const prices = createPriceTable(config.FLOTILLA_PRICES)
  const utility = resolved(registry, registry.utilityModel)
  const working = resolved(registry, registry.defaultModel)
  const utilityPrice = prices.priceOf(utility.ref).price
  const workingPrice = prices.priceOf(working.ref).price
  return {
    ask: {
      provider: utility.provider,
      model: utility.model,
      modelRef: utility.ref,
      costOf: (usage) => costUsd(utilityPrice, usage),
      now: () => clock.now().getTime(),
    },
    working: {
      modelRef: working.ref,
      simulated: working.provider.simulated,
      priceUsd: (tokens) => costUsd(workingPrice, { ...NO_TOKENS, ...tokens }),
    },
  }
}

function openRegistry(config: Config): ModelRegistry {
  const registry = configuredModels(config)
  const problems = registry.problems()
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'))
  return registry
}

function resolved(registry: ModelRegistry, ref: string): ResolvedModel {
  const found = registry.resolve(ref)
  if (!found.ok) throw new ConfigurationError(found.message)
  return found.value
}
