export type CircuitConfig = Readonly<{
  /** Strikes in a row that open it. */
  strikes: number
  /** For how long; doubles each time that the probe fails. */
  openMs: number
  maxOpenMs: number
  /** A probe that nobody has told the end of is given up after this time. */
  probeMs: number
}>

export const DEFAULT_CIRCUIT: CircuitConfig = {
  strikes: 5,
  openMs: 15_000,
  maxOpenMs: 300_000,
  probeMs: 120_000,
}

/** Closed with `openings` 0; open until `openUntil`; after that half open, with one probe at a time. */
export type CircuitState = Readonly<{
  strikes: number
  openings: number
  openUntil: number
  probeUntil: number
  why: string
}>

export const CLOSED_CIRCUIT: CircuitState = { strikes: 0, openings: 0, openUntil: 0, probeUntil: 0, why: '' }

export type CircuitResult = 'alive' | 'strike' | 'nothing'
export type CircuitEvent =
  | Readonly<{ kind: 'ask' }>
  /** The end of a call that had passed. `random` in [0, 1) spreads the probes of many processes. */
  | Readonly<{ kind: 'result'; result: CircuitResult; why: string; random: number }>

export type CircuitOutcome =
  | Readonly<{ is: 'pass' | 'probe' | 'noted' }>
  | Readonly<{ is: 'open'; until: number; why: string }>

export type CircuitStep = Readonly<{ state: CircuitState; outcome: CircuitOutcome }>

export function decideCircuit(
  config: CircuitConfig,
  state: CircuitState,
  event: CircuitEvent,
  now: number,
): CircuitStep {
  if (event.kind === 'ask') return ask(config, state, now)
  return { state: afterResult(config, state, event, now), outcome: { is: 'noted' } }
}

function ask(config: CircuitConfig, state: CircuitState, now: number): CircuitStep {
  if (state.openings === 0) return { state, outcome: { is: 'pass' } }
  const until = Math.max(state.openUntil, state.probeUntil)
  if (now < until) return { state, outcome: { is: 'open', until, why: state.why } }
  return { state: { ...state, probeUntil: now + config.probeMs }, outcome: { is: 'probe' } }
}

type Result = Extract<CircuitEvent, { kind: 'result' }>

function afterResult(config: CircuitConfig, state: CircuitState, event: Result, now: number): CircuitState {
  // The end of a call from before the opening says nothing new.
  const isOpen = state.openings > 0 && now < state.openUntil
  if (isOpen) return state
  if (event.result === 'alive') return CLOSED_CIRCUIT
  if (event.result === 'nothing') return { ...state, probeUntil: 0 }
  const strikes = state.strikes + 1
  if (state.openings === 0 && strikes < config.strikes) return { ...state, strikes }
  const lasts = Math.min(config.maxOpenMs, config.openMs * 2 ** state.openings) * (0.75 + event.random / 2)
  return opened({ ...state, strikes }, event, Math.ceil(now + lasts))
}

const opened = (state: CircuitState, { why }: Result, openUntil: number): CircuitState => ({
  ...state,
  openings: Math.min(state.openings + 1, 30),
  openUntil,
  probeUntil: 0,
  why,
})

/** The circuits of a process, one for each lane. */
export interface Circuits {
  decide(laneId: string, event: CircuitEvent): CircuitOutcome
}

export function createCircuits(deps: { now: () => number; config?: Partial<CircuitConfig> }): Circuits {
  const states = new Map<string, CircuitState>()
  const config = { ...DEFAULT_CIRCUIT, ...deps.config }
  return {
    decide: (laneId, event) => {
      const { state, outcome } = decideCircuit(config, states.get(laneId) ?? CLOSED_CIRCUIT, event, deps.now())
      states.set(laneId, state)
      return outcome
    },
  }
}
