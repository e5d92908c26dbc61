import { decideGate, type GateEvent, type GateOutcome } from './decide-gate.ts'
import { DEFAULT_GATE, laneId, OPEN_GATE, type GateConfig, type GateState, type Lane } from './gate-state.ts'

/**
 * The rate gate of the fleet. A store keeps one state for each lane, takes its own time as `now`, and lets events of a
 * lane happen one after the other; it decides nothing. Rejects where the store cannot be reached.
 */
export interface RateGate {
  decide<Event extends GateEvent>(lane: Lane, event: Event): Promise<OutcomeOf<Event>>
  /**
   * Until when a lane is closed as far as this process has heard, in milliseconds since the epoch on its own clock; null where
   * it is not. Asked at no cost before an admitted call goes out: others may have been refused since.
   */
  closedUntil(lane: Lane): number | null
  /** Hears anew of a lane of which this process has not heard for a moment: a call may have waited long for its budget. */
  refresh(lane: Lane): Promise<void>
}

export type OutcomeOf<Event extends GateEvent> = Event extends { kind: 'ask' }
  ? Exclude<GateOutcome, { is: 'noted' }>
  : Extract<GateOutcome, { is: 'noted' }>

/** A lane's own settings over those of all lanes. */
export type GateConfigOf = (lane: Lane) => Partial<GateConfig>

/** A gate for one process, and the model that stores are held to. */
export function createMemoryGate(deps: { now: () => number; configOf?: GateConfigOf }): RateGate {
  const states = new Map<string, GateState>()
  return {
    decide: async <Event extends GateEvent>(lane: Lane, event: Event) => {
      const id = laneId(lane)
      const config = { ...DEFAULT_GATE, ...deps.configOf?.(lane) }
      const { state, outcome } = decideGate(config, states.get(id) ?? OPEN_GATE, event, deps.now())
      states.set(id, state)
      return outcome as OutcomeOf<Event>
    },
    closedUntil: (lane) => {
      const { closedUntil } = states.get(laneId(lane)) ?? OPEN_GATE
      return closedUntil > deps.now() ? closedUntil : null
    },
    refresh: async () => {},
  }
}
