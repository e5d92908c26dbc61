import * as v from 'valibot'
import type { Analysis } from './analysis.ts'
import type { Spent } from './budget.ts'

const figure = v.object({
  low: v.number(),
  expected: v.number(),
  high: v.number(),
  actual: v.number(),
  /** Whether what was used lies within the range. */
  within: v.boolean(),
})

/** What a run was expected to take beside what it took. */
export const EstimateCheckSchema = v.pipe(
  v.object({ tokens: figure, costUsd: figure, seconds: figure }),
  v.metadata({ ref: 'EstimateCheck' }),
)
export type EstimateCheck = v.InferOutput<typeof EstimateCheckSchema>

/** Null for a run that was not analysed. */
export function checkEstimate(analysis: Pick<Analysis, 'estimate'> | null, spent: Spent): EstimateCheck | null {
  if (analysis === null) return null
  const { estimate } = analysis
  const of = (dimension: 'tokens' | 'costUsd' | 'seconds'): EstimateCheck['tokens'] => {
    const { low, expected, high } = estimate[dimension]
    const actual = spent[dimension]
    // Seconds are counted whole: a run of 0.4 has spent none.
    const [least, most] = dimension === 'seconds' ? [Math.floor(low), Math.ceil(high)] : [low, high]
    return { low, expected, high, actual, within: least <= actual && actual <= most }
  }
  return { tokens: of('tokens'), costUsd: of('costUsd'), seconds: of('seconds') }
}
