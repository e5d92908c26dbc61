import * as v from 'valibot'
import { EstimateCheckSchema } from './estimate-check.ts'
import { UsageSchema } from './usage.ts'

/** What a model call was for. */
export const CALL_PURPOSES = ['task', 'judge', 'plan', 'analysis'] as const
export type CallPurpose = (typeof CALL_PURPOSES)[number]

const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = UsageSchema.pipe[0].entries
/** `inputTokens` includes cached and cache-writing ones, `outputTokens` includes reasoning ones. */
export const TokenKindsSchema = v.object({
  inputTokens,
  cachedInputTokens,
  cacheWriteTokens,
  outputTokens,
  reasoningTokens,
})
export type TokenKinds = Readonly<v.InferOutput<typeof TokenKindsSchema>>

/** US dollars by what they were paid for: parts that do not overlap, and their sum. */
export const CostKindsSchema = v.object({
  inputUsd: v.number(),
  cachedInputUsd: v.number(),
  cacheWriteUsd: v.number(),
  outputUsd: v.number(),
  reasoningUsd: v.number(),
  totalUsd: v.number(),
})
export type CostKinds = Readonly<v.InferOutput<typeof CostKindsSchema>>

/** `estimatedCalls` are those whose provider told no usage, or not all of it; `estimatedUsd` is what was charged for them. */
export const splitEntries = {
  calls: v.number(),
  estimatedCalls: v.number(),
  tokens: TokenKindsSchema,
  cost: CostKindsSchema,
  estimatedUsd: v.number(),
}
export const CostSplitSchema = v.pipe(v.object(splitEntries), v.metadata({ ref: 'CostSplit' }))
export type CostSplit = Readonly<v.InferOutput<typeof CostSplitSchema>>

/** A run's model calls that are paid, each counted once in every list. Planning and analysis belong to no task and agent. */
export const RunCostSchema = v.pipe(
  v.object({
    total: CostSplitSchema,
    byTask: v.array(v.object({ taskKey: v.nullable(v.string()), ...splitEntries })),
    byAgent: v.array(v.object({ agent: v.nullable(v.string()), ...splitEntries })),
    byModel: v.array(v.object({ model: v.string(), ...splitEntries })),
    byPurpose: v.array(v.object({ purpose: v.picklist(CALL_PURPOSES), ...splitEntries })),
    /** Held for calls that their worker never ended: what they cost is not known. */
    lostCalls: v.number(),
    /** What the analysis expected beside what the run has used so far; null where it was not analysed. */
    estimate: v.nullable(EstimateCheckSchema),
  }),
  v.metadata({ ref: 'RunCost' }),
)
export type RunCost = Readonly<v.InferOutput<typeof RunCostSchema>>
