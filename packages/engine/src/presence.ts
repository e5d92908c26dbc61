import { dropWorker, tellWorker, type Db, type Settlement } from '@flotilla/db'
import type { RoundCounts } from '@flotilla/runtime'
import { createRecentCounts } from './minute-counts.ts'
import type { WorkerRoles } from './worker-engine-deps.ts'

export type PresenceDeps = Readonly<{
  db: Db
  worker: string
  version: string
  roles: WorkerRoles
  /** Places for agents, and as many for judging. */
  concurrency: number
  sweepMs: number
  /** Milliseconds since the epoch. */
  now: () => number
}>

/** What one process does, counted in memory and told to the record now and then, for whoever looks at the fleet. */
export type Presence = Readonly<{
  /** A task's claim has ended. */
  ended(task: Readonly<{ judge: boolean; role: string }>, settlement: Pick<Settlement, 'verb'>): void
  /** Work on runs: of the pools plan, verify and learn. */
  workedOn(pool: 'plan' | 'verify' | 'learn', runs: number): void
  /** A round of the fleet's chores is over. */
  swept(done: RoundCounts): void
  /** From now on it is told to be on its way out. */
  drain(): void
  /** Answers every role that some agent has. */
  tell(): Promise<readonly string[]>
  /** Nothing is told of it any more. */
  leave(): Promise<void>
}>

/** For tasks of the roles that a process serves. */
export function placesOf({
  roles,
  concurrency,
}: Pick<PresenceDeps, 'roles' | 'concurrency'>): Readonly<{ places: number; judgePlaces: number }> {
  const judgePlaces = roles.verifier ? concurrency : 0
  return { places: (roles.agents === undefined ? 0 : concurrency) + judgePlaces, judgePlaces }
}

export function createPresence({ db, worker, version, roles, concurrency, sweepMs, now }: PresenceDeps): Presence {
  const identity = { name: worker, startedAt: new Date(now()) }
  const served = roleNames(roles)
  const done = createRecentCounts(now)
  const chores = createRecentCounts(now)
  let sweptAt: number | null = null
  let draining = false
  let telling: Promise<unknown> = Promise.resolve()
  let left = false
  return {
    ended: ({ judge, role }, { verb }) => {
      if (OUTCOMES.has(verb)) done.add(judge ? 'verify' : `agent:${role}`)
    },
    workedOn: (pool, runs) => done.add(pool, runs),
    swept: (counts) => {
      sweptAt = now()
      for (const [name, n] of Object.entries(counts)) if (name !== 'pages') chores.add(name, n)
    },
    drain: () => {
      draining = true
    },
    tell: () => {
      if (left) return Promise.resolve([])
      const sweeps =
        sweptAt === null ? null : { sweptMsAgo: now() - sweptAt, everyMs: sweepMs, done: chores.read().done }
      const told = tellWorker(db, identity, {
        version,
        roles: served,
        ...placesOf({ roles, concurrency }),
        draining,
        ...done.read(),
        chores: sweeps,
      })
      telling = Promise.allSettled([telling, told])
      return told
    },
    leave: async () => {
      left = true
      await telling
      await dropWorker(db, identity)
    },
  }
}

/** Others hand the work back, or have it wait. */
const OUTCOMES: ReadonlySet<Settlement['verb']> = new Set(['complete', 'fail', 'verify', 'revise'])

/** As `FLOTILLA_ROLES` has them. */
const roleNames = ({ planner, agents, verifier, learner, maintenance }: WorkerRoles): string[] => [
  ...(planner ? ['planner'] : []),
  ...(agents === null ? ['agent:*'] : (agents ?? []).map((role) => `agent:${role}`)),
  ...(verifier ? ['verifier'] : []),
  ...(learner ? ['learner'] : []),
  ...(maintenance ? ['maintenance'] : []),
]
