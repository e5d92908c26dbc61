import * as v from 'valibot'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
/** One for each of the last 15 minutes, oldest first; the last one is of the minute that runs. */
const perMinutes = v.array(count)

const PoolSchema = v.object({
  pool: v.string(),
  inProgress: count,
  ready: count,
  waiting: v.object({ lane: count, paused: count, notDue: count, limit: count }),
  /** How long what has waited longest was claimable. */
  oldestSeconds: v.nullable(v.number()),
  /** Attempts and judgements that came to an outcome; of `plan`, `verify` and `learn` also runs. */
  done: perMinutes,
  /** The same, a minute, over the last five. */
  donePerMinute: v.number(),
})

export const WORKER_STATES = ['working', 'idle', 'draining', 'silent'] as const
export type WorkerState = (typeof WORKER_STATES)[number]

const FleetWorkerSchema = v.object({
  name: v.string(),
  /** `silent`: not heard of for longer than it should be. */
  state: v.picklist(WORKER_STATES),
  /** In its hands now, by the record. */
  tasks: count,
  /** Places for tasks; null, as all that follows, of a worker that tells nothing of itself: one of an earlier version. */
  places: v.nullable(count),
  /** So many of them are for judging, the others for agents: one kind never takes the other's. */
  judgePlaces: v.nullable(count),
  /** As `FLOTILLA_ROLES` has them. */
  roles: v.array(v.string()),
  version: v.nullable(v.string()),
  startedAt: v.nullable(v.string()),
  heardSecondsAgo: v.nullable(v.number()),
})

const ReconcilerSchema = v.object({
  /** Who swept last. */
  worker: v.string(),
  sweptSecondsAgo: v.number(),
  everySeconds: v.number(),
  /** What the chores of all workers came to in the last 15 minutes, by name; what came to nothing is left out. */
  done: v.record(v.string(), count),
  /** Claims taken from lost workers, and tasks woken since nobody had. */
  recovered: perMinutes,
  woken: perMinutes,
})

/** What there is to do in the whole fleet, and who does it. */
export const FleetSchema = v.pipe(
  v.object({
    /** Live runs by status. */
    runs: v.record(v.string(), count),
    /** Work by pool; one without work, now and in the last 15 minutes, is left out. */
    pools: v.array(PoolSchema),
    /**
     * Of how much of the last 15 minutes `done` tells for certain: workers count from their start, and take what they did along
     * when they end. Null while no worker tells of itself.
     */
    countedSeconds: v.nullable(v.number()),
    /** Every worker process, idle or not. They tell of themselves every 15 s; one that is silent for five minutes is forgotten. */
    workers: v.array(FleetWorkerSchema),
    /** Null while no worker has told of a sweep. */
    reconciler: v.nullable(ReconcilerSchema),
  }),
  v.metadata({ ref: 'Fleet' }),
)
export type FleetView = v.InferOutput<typeof FleetSchema>
export type FleetPool = FleetView['pools'][number]
export type FleetWorker = FleetView['workers'][number]
export type FleetReconciler = NonNullable<FleetView['reconciler']>
