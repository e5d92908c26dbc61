import * as vitest from 'vitest'
import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { CASE_LANE, describeGateConformance } from './conformance.ts'
import { decideGate, type GateAdmission, type GateAsk, type GateEvent, type GateOutcome } from './decide-gate.ts'
import { DEFAULT_GATE, laneId, OPEN_GATE, type GateConfig, type GateState, type Lane } from './gate-state.ts'
import { createMemoryGate, type GateConfigOf, type OutcomeOf, type RateGate } from './rate-gate.ts'
import { createProvider, runFleet, type ProviderKind } from './simulated-provider.test-support.ts'

const START = Date.UTC(2026, 10, 21, 12)

describeGateConformance(vitest, {
  name: 'the gate in memory',
  open: async (settings) => ({ gate: createMemoryGate(settings) }),
})

describeGateConformance(vitest, {
  name: 'the gate whose states are kept as JSON',
  open: async ({ now, configOf }) => ({ gate: jsonGate(now, configOf) }),
  loseMemory: async () => {},
})

function jsonGate(now: () => number, configOf: GateConfigOf): RateGate {
  const kept = new Map<string, string>()
  return {
    decide: async <Event extends GateEvent>(lane: Lane, event: Event) => {
      const before = JSON.parse(kept.get(laneId(lane)) ?? JSON.stringify(OPEN_GATE)) as GateState
      const { state, outcome } = decideGate({ ...DEFAULT_GATE, ...configOf(lane) }, before, event, now())
      kept.set(laneId(lane), JSON.stringify(state))
      return outcome as OutcomeOf<Event>
    },
    closedUntil: () => null,
    refresh: async () => {},
  }
}

const gateOf = (config: Partial<GateConfig> = {}) => {
  let state: GateState = OPEN_GATE
  return {
    decide: (event: GateEvent, ms: number): GateOutcome => {
      const step = decideGate({ ...DEFAULT_GATE, ...config }, state, event, START + ms)
      state = step.state
      return step.outcome
    },
    get state() {
      return state
    },
  }
}
const ask = (workspace = 'w', bookedFor?: number): GateAsk => ({
  kind: 'ask',
  workspace,
  charge: { requests: 1 },
  ...(bookedFor !== undefined && { bookedFor }),
})
const refused = (forMs?: number): GateEvent => ({
  kind: 'pause',
  why: 'anthropic answered 429',
  jitter: 0,
  ...(forMs !== undefined && { forMs }),
})

const eventArbitrary: fc.Arbitrary<GateEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c').map((workspace) => ask(workspace)) },
  fc.option(fc.nat(20_000), { nil: undefined }).map(refused),
  fc.record({ limit: fc.integer({ min: 1, max: 500 }), remaining: fc.nat(500) }).map(({ limit, remaining }) => ({
    kind: 'observe' as const,
    limits: { requests: { limit, remaining: Math.min(limit, remaining) } },
  })),
)
const timeline = fc.array(fc.tuple(fc.nat(3000), eventArbitrary), { maxLength: 120 })

describe('the rate gate', () => {
  it('never opens a lane earlier than it was to, and lets nothing pass while it is closed', () => {
    fc.assert(
      fc.property(timeline, (steps) => {
        const gate = gateOf({ limits: { requests: 120 } })
        let ms = 0
        for (const [wait, event] of steps) {
          ms += wait
          const before = gate.state.closedUntil
          const outcome = gate.decide(event, ms)
          expect(gate.state.closedUntil).toBeGreaterThanOrEqual(before)
          if (outcome.is === 'admitted') expect(before).toBeLessThanOrEqual(START + ms)
          if (outcome.is === 'wait') expect(outcome.until).toBeGreaterThan(START + ms)
        }
      }),
    )
  })

  it('keeps a lane closed until the end of its longest pause, whatever shorter one comes after it', () => {
    const gate = gateOf()
    gate.decide(refused(30_000), 0)
    gate.decide(refused(1_000), 10)
    expect(gate.state.closedUntil).toBe(START + 30_000)
  })

  it('lets no minute have more than the limit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90 }),
        fc.array(fc.nat(900), { minLength: 50, maxLength: 250 }),
        (limit, waits) => {
          const gate = gateOf({ limits: { requests: limit }, burstMs: 60_000 })
          const passed: number[] = []
          let ms = 0
          for (const wait of waits) {
            ms += wait
            if (gate.decide(ask(), ms).is === 'admitted') passed.push(ms)
            expect(passed.filter((at) => at > ms - 60_000).length).toBeLessThanOrEqual(limit)
          }
        },
      ),
    )
  })

  it('admits whoever alone comes back as told', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(200), fc.nat(5000), (limit, before, forMs) => {
        const gate = gateOf({ limits: { requests: limit } })
        for (let n = 0; n < before; n++) gate.decide(ask(), n)
        gate.decide(refused(forMs), before)
        let outcome = gate.decide(ask('late'), before)
        for (let tries = 0; outcome.is === 'wait' && tries < 3; tries++) {
          outcome = gate.decide(ask('late', outcome.until), outcome.until - START)
        }
        expect(outcome.is).toBe('admitted')
      }),
    )
  })

  it('opens gradually: slower at first than later, and never with a burst', () => {
    const gate = gateOf({ limits: { requests: 600 } })
    gate.decide(refused(5000), 0)
    const passed: number[] = []
    for (let ms = 5000; ms < 25_000; ms += 10) if (gate.decide(ask(), ms).is === 'admitted') passed.push(ms)
    const within = (from: number, to: number) => passed.filter((ms) => ms >= from && ms < to).length
    expect(within(5000, 7000)).toBeGreaterThan(2)
    expect(within(5000, 7000)).toBeLessThan(10)
    expect(within(15_000, 25_000)).toBeGreaterThanOrEqual(95)
  })

  it('doubles pauses that nobody gave a length, once for all calls that were on their way', () => {
    const gate = gateOf({ limits: { requests: 600 } })
    const closedAfter = (ms: number): number => {
      gate.decide(refused(), ms)
      return gate.state.closedUntil - START - ms
    }
    expect(closedAfter(0)).toBe(750)
    gate.decide(refused(), 1)
    expect(gate.state.strikes).toBe(1)
    expect(closedAfter(1000)).toBe(1500)
    expect(closedAfter(5000)).toBe(3000)
    const passed = gate.decide(ask(), 60_000) as GateAdmission
    gate.decide({ kind: 'settle', admission: passed, actual: passed.counted, succeeded: true }, 60_100)
    expect(closedAfter(70_000)).toBe(750)
  })

  it('learns a limit from a refusal where nobody names one', () => {
    const gate = gateOf()
    for (let n = 0; n < 11; n++) gate.decide(ask(), n)
    gate.decide(refused(1000), 20)
    const outcome = gate.decide(ask(), 2000)
    expect(outcome).toMatchObject({ is: 'wait', why: 'requests', detail: 'requests per minute are used up (10)' })
  })

  it('learns nothing of requests from a refusal where tokens are what is limited', () => {
    const gate = gateOf({ limits: { tokens: 600_000 } })
    for (let n = 0; n < 11; n++) gate.decide(ask(), n)
    gate.decide(refused(1000), 20)
    expect(gate.state.meters.requests?.learnt).toBeUndefined()
  })

  it('tells the first crowd times that its calls need, not what they ask for', () => {
    const gate = gateOf({ limits: { tokens: 600_000 } })
    const charge = { requests: 1, tokens: 5000 }
    const outcomes = Array.from({ length: 200 }, (_, n) => gate.decide({ kind: 'ask', workspace: 'w', charge }, n))
    const last = outcomes.at(-1)
    // A quarter of what they ask for is 8 calls a second; at all of it they would be told two.
    expect(last).toMatchObject({ is: 'wait' })
    expect(last?.is === 'wait' && last.until - START).toBeLessThan(30_000)
  })

  it('shares a lane between workspaces, however many calls each has', () => {
    const gate = createFleetGate(120)
    const calls = runFleet({ gate, workers: { big: 60, small: 6, tiny: 1 }, callMs: 400, untilMs: 300_000, now: START })
    const share = (name: string) => calls.filter((call) => call.workspace === name && call.at > START + 120_000).length
    const inWindow = 180_000 / 60_000
    expect(share('big') / inWindow).toBeLessThan(65)
    expect(share('small') / inWindow).toBeGreaterThan(30)
    expect(share('tiny') / inWindow).toBeGreaterThan(25)
  })

  it('lets one workspace have all that others leave', () => {
    const gate = createFleetGate(120)
    const calls = runFleet({ gate, workers: { big: 60 }, callMs: 400, untilMs: 300_000, now: START })
    expect(calls.length / 5).toBeGreaterThan(120 * 0.95)
  })

  it.each<ProviderKind>(['bucket', 'sliding', 'fixed'])(
    'uses ≥ 95 % of a quota that a provider counts by a %s minute, with no refusal after the first',
    (kind) => {
      for (const limit of [30, 120]) {
        const provider = createProvider(kind, limit)
        const gate = createFleetGate(undefined)
        const settings = { gate, provider, workers: { w: limit * 2 }, callMs: 300, now: START }
        const calls = runFleet({ ...settings, untilMs: 360_000, retryAfterMs: 2000 })
        const firstRefusal = calls.find((call) => call.refused)?.at ?? START
        const refusals = calls.filter((call) => call.refused && call.at > firstRefusal + 300)
        expect(refusals).toHaveLength(0)
        const used = calls.filter((call) => !call.refused && call.at > START + 60_000).length
        expect(used / (limit * 5)).toBeGreaterThan(0.95)
      }
    },
  )

  it('uses ≥ 95 % of a token quota by long calls that ask for several times what they take', () => {
    const limit = 60_000
    const provider = createProvider('bucket', limit)
    const gate = gateOf({ limits: { tokens: limit } })
    const decide = (event: GateEvent, now: number) => gate.decide(event, now - START)
    let draw = 1
    const took = () => 400 + ((draw = (draw * 48_271) % 2_147_483_647) % 600)
    const settings = { gate: { decide }, provider, workers: { w: 60 }, callMs: 20_000, now: START, untilMs: 900_000 }
    const calls = runFleet({ ...settings, tokens: { asked: 5000, took } })
    expect(calls.filter((call) => call.refused)).toHaveLength(0)
    const used = calls.filter((call) => call.at > START + 300_000).reduce((sum, call) => sum + call.tokens, 0)
    expect(used / (limit * 10)).toBeGreaterThan(0.95)
  })
})

function createFleetGate(limit: number | undefined) {
  const gate = gateOf(limit === undefined ? {} : { limits: { requests: limit } })
  return { decide: (event: GateEvent, now: number) => gate.decide(event, now - START), lane: CASE_LANE }
}
