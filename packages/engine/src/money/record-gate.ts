import { changeLane, readLaneClosing } from '@flotilla/db'
import {
  decideGate,
  DEFAULT_GATE,
  laneId,
  OPEN_GATE,
  type GateConfigOf,
  type GateEvent,
  type GateOutcome,
  type GateState,
  type Lane,
  type OutcomeOf,
  type RateGate,
} from '@flotilla/llm'
import { loopTurn } from '@flotilla/runtime'
import type pg from 'pg'

type Waiting = Readonly<{
  event: GateEvent
  resolve: (outcome: GateOutcome) => void
  reject: (error: unknown) => void
}>

/** `now`: another clock than the record's, in milliseconds. */
type RecordGateDeps = Readonly<{ pool: pg.Pool; configOf?: GateConfigOf; now?: () => number }>

/**
 * The rate gate of the fleet, in the record: on either backend, and through an emptied Redis. A process's events of one lane
 * that come while others are under way go together in the next change.
 */
export function createRecordGate(deps: RecordGateDeps): RateGate {
  const lanes = new Map<string, Waiting[]>()
  const closings = createClosings(deps.now ?? Date.now)
  const flush = async (lane: Lane, id: string): Promise<void> => {
    for (let batch = lanes.get(id); batch !== undefined && batch.length > 0; batch = lanes.get(id)) {
      lanes.set(id, [])
      // Under the lane's lock: what it says holds, but for what this process has been told since.
      await change(deps, lane, batch, (forMs) => closings.learn(id, forMs, lanes.get(id)?.some(isPause) ?? false))
    }
    lanes.delete(id)
  }
  const read = async (id: string): Promise<void> => {
    const before = closings.heard(id)
    const found = await readLaneClosing(deps.pool, id)
    // A closing that was heard of meanwhile may be younger than what was read.
    if (found !== null)
      closings.learn(id, found.until - (deps.now?.() ?? found.now), lanes.has(id) || closings.heard(id) !== before)
  }
  const departure = createDepartures((id) => closings.ageMs(id) < FRESH_MS, read)
  return {
    decide: <Event extends GateEvent>(lane: Lane, event: Event) => {
      const id = laneId(lane)
      const { promise, resolve, reject } = Promise.withResolvers<GateOutcome>()
      // Calls of this process that are about to go out need not wait for the commit.
      if (event.kind === 'pause') closings.hear(id, event.forMs ?? 0)
      const waiting = lanes.get(id)
      if (waiting === undefined) {
        lanes.set(id, [{ event, resolve, reject }])
        void flush(lane, id)
      } else waiting.push({ event, resolve, reject })
      return promise as Promise<OutcomeOf<Event>>
    },
    closedUntil: (lane) => closings.until(laneId(lane)),
    refresh: (lane) => departure(laneId(lane)),
  }
}

const isPause = ({ event }: Waiting): boolean => event.kind === 'pause'

/** How old what a process has heard of a lane may be when a call goes out. */
const FRESH_MS = 25

type Departure = Readonly<{ go: () => void; fail: (error: unknown) => void }>

/**
 * Calls that are about to go out: those of a lane one after the other, in the turns of the event loop, each on word that is
 * fresh when its turn comes. Thousands that open together would each wait for a connection of their own, or all go at once.
 */
function createDepartures(isFresh: (id: string) => boolean, read: (id: string) => Promise<void>) {
  const lanes = new Map<string, Departure[]>()
  const depart = async (id: string, waiting: Departure[]): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        if (!isFresh(id)) await read(id)
      } catch (error) {
        for (const each of [next, ...waiting.splice(0)]) each.fail(error)
        break
      }
      next.go()
      await loopTurn()
    }
    lanes.delete(id)
  }
  return (id: string): Promise<void> => {
    const waiting = lanes.get(id)
    if (waiting === undefined && isFresh(id)) return Promise.resolve()
    const { promise, resolve: go, reject: fail } = Promise.withResolvers<void>()
    if (waiting !== undefined) waiting.push({ go, fail })
    else {
      const first = [{ go, fail }]
      lanes.set(id, first)
      void depart(id, first)
    }
    return promise
  }
}

/** Which lanes are closed as far as this process has heard, by its own clock, whatever that of the record says. */
function createClosings(now: () => number) {
  const known = new Map<string, number>()
  const heardAt = new Map<string, number>()
  const heardTimes = new Map<string, number>()
  /** `atLeast`: what is known and lasts longer goes on to hold. */
  const learn = (id: string, forMs: number, atLeast: boolean): void => {
    heardAt.set(id, now())
    heardTimes.set(id, (heardTimes.get(id) ?? 0) + 1)
    const until = Math.max(atLeast ? (known.get(id) ?? 0) : 0, now() + forMs)
    if (until > now()) known.set(id, until)
    else known.delete(id)
  }
  return {
    ageMs: (id: string): number => now() - (heardAt.get(id) ?? Number.NEGATIVE_INFINITY),
    /** How often. */
    heard: (id: string): number => heardTimes.get(id) ?? 0,
    learn,
    hear: (id: string, forMs: number): void => learn(id, forMs, true),
    until: (id: string): number | null => {
      const until = known.get(id)
      return until !== undefined && until > now() ? until : null
    },
  }
}

/** Whoever waits until a time reads it off the clock of its process, which may be minutes from the record's. */
const byOwnClock = (outcome: GateOutcome, ahead: number): GateOutcome =>
  outcome.is === 'wait' ? { ...outcome, until: outcome.until + ahead } : outcome

async function change(
  { pool, configOf, now: clock }: RecordGateDeps,
  lane: Lane,
  batch: readonly Waiting[],
  closedFor: (forMs: number) => void,
): Promise<void> {
  const config = { ...DEFAULT_GATE, ...configOf?.(lane) }
  try {
    const outcomes = await changeLane(pool, laneId(lane), (stored, ofRecord) => {
      const now = clock?.() ?? ofRecord
      let state = (stored as unknown as GateState | null) ?? OPEN_GATE
      const outcome = batch.map(({ event }) => {
        const step = decideGate(config, state, event, now)
        state = step.state
        return step.outcome
      })
      closedFor(state.closedUntil - now)
      const ahead = (clock ?? Date.now)() - now
      return { state, outcome: outcome.map((each) => byOwnClock(each, ahead)) }
    })
    for (const [i, { resolve }] of batch.entries()) resolve(outcomes[i] as GateOutcome)
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}
