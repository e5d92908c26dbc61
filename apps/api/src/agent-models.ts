import type { Issue } from '@flotilla/domain'
import { parseModelName, quotePrice, type PriceTable, type UnknownPriceRule } from '@flotilla/llm'

export type AgentModelDeps = Readonly<{ prices: PriceTable; unknownPrice: UnknownPriceRule }>

type Named = Readonly<{
  model?: string | null | undefined
  modelSettings?: Readonly<{ allowedModels?: readonly string[] | undefined }> | undefined
}>

/** The models that an agent names, with their places. */
const modelsOf = ({ model, modelSettings }: Named): readonly Readonly<{ path: string; model: string }>[] => [
  ...(model === undefined || model === null ? [] : [{ path: '/model', model }]),
  ...(modelSettings?.allowedModels ?? []).map((each, i) => ({
    path: `/modelSettings/allowedModels/${i}`,
    model: each,
  })),
]

/**
 * Models that no provider could be asked for, or that have no price where such are not called. Whether there is a key for one
 * is the workers' to say.
 */
export const modelIssues = ({ prices, unknownPrice }: AgentModelDeps, agent: Named): Issue[] =>
  modelsOf(agent).flatMap(({ path, model }): Issue[] => {
    const name = parseModelName(model)
    if (!name.ok) return [{ path, message: name.message }]
    const quote = quotePrice(prices, name.value, unknownPrice)
    return quote.ok ? [] : [{ path, message: quote.failure.message }]
  })
