import { rejected, type Issue, type Rejection } from '@flotilla/domain'
import { parseModelName, quotePrice, type PriceTable, type UnknownPriceRule } from '@flotilla/llm'

export type AgentModelDeps = Readonly<{ prices: PriceTable; unknownPrice: UnknownPriceRule }>

type Named = Readonly<{
  model?: string | null | undefined
  modelSettings?: Readonly<{ allowedModels?: readonly string[] | undefined }> | undefined
}>

/** The models that an agent names, with their places. */
export const modelsOf = ({ model, modelSettings }: Named): readonly Readonly<{ path: string; model: string }>[] => [
  ...(model === undefined || model === null ? [] : [{ path: '/model', model }]),
  ...(modelSettings?.allowedModels ?? []).map((each, i) => ({
    path: `/modelSettings/allowedModels/${i}`,
    model: each,
  })),
]

/**
 * Refuses a model that no provider could be asked for, or that has no price where such are not called. Whether there is a key
 * for it is the workers' to say. Null: nothing is wrong.
 */
export function refuseModels(
  { prices, unknownPrice }: AgentModelDeps,
  models: readonly Readonly<{ path: string; model: string }>[],
): Rejection | null {
  const errors = models.flatMap(({ path, model }): Issue[] => {
    const name = parseModelName(model)
    if (!name.ok) return [{ path, message: name.message }]
    const quote = quotePrice(prices, name.value, unknownPrice)
    return quote.ok ? [] : [{ path, message: quote.failure.message }]
  })
  return errors.length === 0 ? null : rejected('invalid_input', errors.map(({ message }) => message).join('; '), errors)
}
