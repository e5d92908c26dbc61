import * as v from 'valibot'
import { ROLE_PATTERN } from './limits.ts'

/** What a fleet is scaled by, as paths name it; beside these `agent:<role>`, of one role. */
export const POOL_NAMES = ['agents', 'plan', 'verify', 'learn', 'maintain'] as const

export type Pool = (typeof POOL_NAMES)[number] | `agent:${string}`
/** Whose work is counted apart: `agents` is the sum of its roles. */
export type CountedPool = Exclude<Pool, 'agents'>

/** Work by what becomes of it now. `waiting` is what no worker can do at this moment, however many there are. */
export type Backlog = Readonly<{
  inProgress: number
  /** Claimable and due. */
  ready: number
  waiting: Readonly<{
    /** Until a lane opens. */
    lane: number
    /** Until the run is resumed. */
    paused: number
    /** Until a time of its own: a retry's, or when there may be room in a budget. */
    notDue: number
    /** Until another task of its role ends: as many as may run in the whole fleet do. */
    limit: number
  }>
}>

export const NO_BACKLOG: Backlog = {
  inProgress: 0,
  ready: 0,
  waiting: { lane: 0, paused: 0, notDue: 0, limit: 0 },
}

/** Null: no pool is called that. A role that nobody uses is one all the same. */
export function parsePool(text: string): Pool | null {
  if (POOL_NAMES.some((name) => name === text)) return text as Pool
  const [kind, role, ...rest] = text.split(':')
  return kind === 'agent' && role !== undefined && rest.length === 0 && ROLE_PATTERN.test(role) ? `agent:${role}` : null
}

/** A pool's backlog out of those counted apart; a pool that has no entry has no work. */
export function backlogOf(counted: ReadonlyMap<CountedPool, Backlog>, pool: Pool): Backlog {
  if (pool !== 'agents') return counted.get(pool) ?? NO_BACKLOG
  return [...counted]
    .filter(([of]) => of.startsWith('agent:'))
    .map(([, backlog]) => backlog)
    .reduce(plus, NO_BACKLOG)
}

const plus = (a: Backlog, b: Backlog): Backlog => ({
  inProgress: a.inProgress + b.inProgress,
  ready: a.ready + b.ready,
  waiting: {
    lane: a.waiting.lane + b.waiting.lane,
    paused: a.waiting.paused + b.waiting.paused,
    notDue: a.waiting.notDue + b.waiting.notDue,
    limit: a.waiting.limit + b.waiting.limit,
  },
})

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

export const ScalingSchema = v.pipe(
  v.object({
    pool: v.string(),
    /** What workers are wanted for: in progress and ready. */
    value: count,
    inProgress: count,
    ready: count,
    waiting: v.object({ lane: count, paused: count, notDue: count, limit: count }),
  }),
  v.metadata({ ref: 'Scaling' }),
)
export type ScalingView = v.InferOutput<typeof ScalingSchema>

/** What an autoscaler is told. */
export const scalingView = (pool: Pool, backlog: Backlog): ScalingView => ({
  pool,
  value: backlog.inProgress + backlog.ready,
  inProgress: backlog.inProgress,
  ready: backlog.ready,
  waiting: { ...backlog.waiting },
})
