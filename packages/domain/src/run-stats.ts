import * as v from 'valibot'
import { COMPONENTS, ERROR_CODES } from './errors.ts'

/** What runs may be counted by; `label:<key>` beside them. */
export const RUN_GROUPS = ['day', 'status', 'mode', 'type', 'agent', 'model'] as const
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
/** Of no run. */
export const NO_SUMS: RunSums = {
  runs: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  successRate: null,
  meanDurationMs: null,
  meanQuality: null,
  tokens: 0,
  costUsd: 0,
}

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
    /** With `split`: by day those that it has most of, and the others together. */
    series: v.array(
      v.object({
        key: v.nullable(v.string()),
        /** All others in one; its key is null. */
        rest: v.boolean(),
        total: RunSumsSchema,
        /** Of the days that have some, in order. */
        items: v.array(v.object({ day: v.string(), ...sums })),
      }),
    ),
  }),
  v.metadata({ ref: 'RunStats' }),
)
export type RunStats = v.InferOutput<typeof RunStatsSchema>
export type RunSeries = RunStats['series'][number]

/** What failed in a workspace's runs, of those that were created in a time. */
export const ErrorStatsSchema = v.pipe(
  v.object({
    from: v.string(),
    /** Exclusive. */
    to: v.string(),
    /** Attempts and tool calls that failed, and runs that failed otherwise. */
    total: v.number(),
    /** The most frequent first. */
    items: v.array(
      v.object({
        component: v.picklist(COMPONENTS),
        code: v.picklist(ERROR_CODES),
        /** The model, tool or agent; null of what has none. */
        name: v.nullable(v.string()),
        errors: v.number(),
        /** That had it. */
        runs: v.number(),
        /** By the day when their runs were created, in order. */
        days: v.array(v.object({ day: v.string(), errors: v.number() })),
      }),
    ),
    /** How many `limit` leaves out. */
    rest: v.number(),
  }),
  v.metadata({ ref: 'ErrorStats' }),
)
export type ErrorStats = v.InferOutput<typeof ErrorStatsSchema>
