import * as v from 'valibot'

/** What runs may be counted by; `label:<key>` beside them. */
export const RUN_GROUPS = ['day', 'status', 'mode', 'type'] as const
export type RunGroup = (typeof RUN_GROUPS)[number] | `label:${string}`

const sums = {
  runs: v.number(),
  completed: v.number(),
  failed: v.number(),
  cancelled: v.number(),
  /** Of those that completed or failed; null where there are none. */
  successRate: v.nullable(v.number()),
  /** From start to end, of those that have ended. */
  meanDurationMs: v.nullable(v.number()),
  /** 0 to 1. */
  meanQuality: v.nullable(v.number()),
  tokens: v.number(),
  costUsd: v.number(),
}
const RunSumsSchema = v.object(sums)
export type RunSums = Readonly<v.InferOutput<typeof RunSumsSchema>>

/** Runs of a workspace by when they were created. */
export const RunStatsSchema = v.pipe(
  v.object({
    from: v.string(),
    /** Exclusive. */
    to: v.string(),
    by: v.string(),
    total: RunSumsSchema,
    /** Of days in order, else the most frequent first. `key` is null for runs that have none. */
    items: v.array(v.object({ key: v.nullable(v.string()), ...sums })),
    /** How many runs have a quality from 0 to 0.1, from there to 0.2, and so on to 1. */
    quality: v.array(v.number()),
    /** Why runs failed, the most frequent first. */
    errors: v.array(v.object({ code: v.string(), runs: v.number() })),
  }),
  v.metadata({ ref: 'RunStats' }),
)
export type RunStats = v.InferOutput<typeof RunStatsSchema>
