import * as v from 'valibot'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** What there is to do in the whole fleet, and who does it. */
export const FleetSchema = v.pipe(
  v.object({
    /** Live runs by status. */
    runs: v.record(v.string(), count),
    /** Work by pool; one without work is left out. `oldestSeconds`: how long what has waited longest was claimable. */
    pools: v.array(
      v.object({
        pool: v.string(),
        inProgress: count,
        ready: count,
        waiting: v.object({ lane: count, paused: count, notDue: count, limit: count }),
        oldestSeconds: v.nullable(v.number()),
      }),
    ),
    /** Workers that have a task in hand now; an idle one is in no record. */
    workers: v.array(v.object({ name: v.string(), tasks: count })),
  }),
  v.metadata({ ref: 'Fleet' }),
)
export type FleetView = v.InferOutput<typeof FleetSchema>
