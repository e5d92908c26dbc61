import * as v from 'valibot'
import { CostSplitSchema, splitEntries } from './cost-split.ts'

/** What costs may be told by; `label:<key>` beside them. */
export const COST_GROUPS = ['agent', 'model', 'task_type', 'purpose', 'run', 'day'] as const
export type CostGroup = (typeof COST_GROUPS)[number] | `label:${string}`

/** A workspace's model calls that are paid, each counted once, where and when it was admitted. */
export const CostReportSchema = v.pipe(
  v.object({
    from: v.string(),
    /** Exclusive. */
    to: v.string(),
    by: v.string(),
    total: CostSplitSchema,
    /** The dearest first; of days in order. `key` is null for calls that belong to none, such as an analysis to no run. */
    items: v.array(v.object({ key: v.nullable(v.string()), ...splitEntries })),
    /** Of what `limit` leaves out. */
    rest: CostSplitSchema,
    /** With `over=day`: by day the first few of the items, and all others together. */
    series: v.array(
      v.object({
        key: v.nullable(v.string()),
        /** All others in one; its key is null. */
        rest: v.boolean(),
        /** Of the days that have some, in order. */
        items: v.array(
          v.object({
            day: v.string(),
            calls: v.number(),
            inputTokens: v.number(),
            outputTokens: v.number(),
            costUsd: v.number(),
          }),
        ),
      }),
    ),
  }),
  v.metadata({ ref: 'CostReport' }),
)
export type CostReport = v.InferOutput<typeof CostReportSchema>
export type CostSeries = CostReport['series'][number]
