import type * as Vitest from 'vitest'
import { decideGate, type GateAdmission, type GateEvent, type GateOutcome } from './decide-gate.ts'
import {
  DEFAULT_GATE,
  laneId,
  OPEN_GATE,
  type Charge,
  type GateConfig,
  type GateState,
  type Lane,
} from './gate-state.ts'
import type { GateConfigOf, RateGate } from './rate-gate.ts'

/** A store behind the port, on a clock that the suite moves. */
export type GateSubject = {
  name: string
  open(settings: {
    now: () => number
    configOf: GateConfigOf
  }): Promise<{ gate: RateGate; close?: () => Promise<void> }>
  /** Loses what the store keeps in memory only, where it can: a closed lane has to stay closed. */
  loseMemory?: () => Promise<void>
}

export type GateCaseStep = Readonly<{ now: number; lane: Lane; event: GateEvent }>
export type GateCase = Readonly<{ name: string; config: Partial<GateConfig>; steps: readonly GateCaseStep[] }>

export const CASE_LANE: Lane = { provider: 'anthropic', model: 'claude-sonnet-5-5', key: 'k1' }
const OTHER_LANE: Lane = { ...CASE_LANE, key: 'k2' }
const START = Date.UTC(2026, 10, 21, 12)

const ask = (workspace: string, tokens = 0, bookedFor?: number): GateEvent => ({
  kind: 'ask',
  workspace,
  charge: { requests: 1, ...(tokens > 0 && { tokens, inputTokens: tokens }) },
  ...(bookedFor !== undefined && { bookedFor }),
})
const pause = (forMs?: number): GateEvent => ({
  kind: 'pause',
  why: 'the provider refused',
  jitter: 0.5,
  ...(forMs !== undefined && { forMs }),
})
const at = (ms: number, event: GateEvent, lane: Lane = CASE_LANE): GateCaseStep => ({ now: START + ms, lane, event })

const admittedAt = (now: number, charge: Charge): GateAdmission => ({
  is: 'admitted',
  second: Math.floor(now / 1000),
  asked: charge,
  counted: charge,
})

const CASES: readonly GateCase[] = [
  {
    name: 'admits everything where no limit is known',
    config: {},
    steps: Array.from({ length: 20 }, (_, n) => at(n, ask(`w${n % 3}`, 5000))),
  },
  {
    name: 'paces requests behind a burst',
    config: { limits: { requests: 60 } },
    steps: Array.from({ length: 30 }, (_, n) => at(n * 300, ask('w'))),
  },
  {
    name: 'keeps a shorter pause from shortening a longer one, and other lanes open',
    config: { limits: { requests: 600 } },
    steps: [
      at(0, pause(30_000)),
      at(10, pause(1000)),
      at(20, ask('w')),
      at(20, ask('w'), OTHER_LANE),
      at(29_000, ask('w')),
      at(30_000, ask('w')),
      at(30_500, ask('w')),
      at(31_000, pause()),
      at(31_001, pause()),
      at(31_500, ask('w')),
    ],
  },
  {
    name: 'learns limits and the use of others from headers',
    config: {},
    steps: [
      at(0, ask('w', 1000)),
      at(50, { kind: 'observe', limits: { requests: { limit: 5, remaining: 1 }, inputTokens: { limit: 10_000 } } }),
      at(100, ask('w', 1000)),
      at(150, ask('w', 1000)),
      at(61_000, ask('w', 1000)),
      at(65_000, ask('w', 20_000)),
    ],
  },
  {
    name: 'gives back what a call did not take',
    config: { limits: { tokens: 6000 }, burstMs: 60_000 },
    steps: [
      at(0, ask('w', 5000)),
      at(10, ask('w', 2000)),
      at(20, {
        kind: 'settle',
        admission: admittedAt(START, { requests: 1, tokens: 5000, inputTokens: 5000 }),
        actual: { requests: 1, tokens: 1000, inputTokens: 1000 },
        succeeded: true,
      }),
      at(30, ask('w', 2000)),
    ],
  },
]

/** Minstd: the same cases on every machine. */
function randomFrom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

function randomCase(seed: number): GateCase {
  const random = randomFrom(seed)
  const steps: GateCaseStep[] = []
  let ms = 0
  for (let n = 0; n < 60; n++) {
    ms += Math.floor(random() * (random() < 0.1 ? 20_000 : 800))
    steps.push(at(ms, randomEvent(random, START + ms), random() < 0.8 ? CASE_LANE : OTHER_LANE))
  }
  const limits = { requests: 1 + Math.floor(random() * 200), ...(random() < 0.5 && { tokens: 20_000 }) }
  return { name: `agrees on random calls (${seed})`, config: { limits }, steps }
}

function randomEvent(random: () => number, now: number): GateEvent {
  const kind = random()
  if (kind < 0.75) {
    const booked = random() < 0.5 ? now - Math.floor(random() * 500) : undefined
    return ask(`w${Math.floor(random() * 3)}`, Math.floor(random() * 3000), booked)
  }
  if (kind < 0.8) return pause(random() < 0.5 ? Math.floor(random() * 10_000) : undefined)
  if (kind < 0.9) {
    const limit = 10 + Math.floor(random() * 100)
    return { kind: 'observe', limits: { requests: { limit, remaining: Math.floor(random() * limit) } } }
  }
  const passedAt = now - Math.floor(random() * 5000)
  return {
    kind: 'settle',
    admission: admittedAt(passedAt, { requests: 1, tokens: 2000 }),
    actual: { requests: 1, tokens: Math.floor(random() * 4000) },
    succeeded: random() < 0.7,
  }
}

export const gateCases = (): readonly GateCase[] => [...CASES, ...[1, 2, 3, 4, 5].map(randomCase)]

/** What the pure decider says to each step. */
export function expectedOutcomes(config: Partial<GateConfig>, steps: readonly GateCaseStep[]): GateOutcome[] {
  const states = new Map<string, GateState>()
  return steps.map(({ now, lane, event }) => {
    const id = laneId(lane)
    const { state, outcome } = decideGate({ ...DEFAULT_GATE, ...config }, states.get(id) ?? OPEN_GATE, event, now)
    states.set(id, state)
    return outcome
  })
}

/** Every store says what the pure decider says. Takes the test runner's functions, so that it needs none itself. */
export function describeGateConformance(
  test: Pick<typeof Vitest, 'describe' | 'it' | 'expect'>,
  subject: GateSubject,
): void {
  const { describe, it, expect } = test
  describe(`${subject.name} conforms to the rate gate`, () => {
    it.each(gateCases())('$name', async ({ config, steps }) => {
      let now = START
      const { gate, close } = await subject.open({ now: () => now, configOf: () => config })
      const outcomes: GateOutcome[] = []
      for (const step of steps) {
        now = step.now
        outcomes.push(await gate.decide(step.lane, step.event))
      }
      await close?.()
      expect(outcomes).toEqual(expectedOutcomes(config, steps))
    })

    it('lets no more pass than the limit when many ask at once', async () => {
      const config = { limits: { requests: 40 }, burstMs: 60_000 }
      const { gate, close } = await subject.open({ now: () => START, configOf: () => config })
      const asked = Array.from({ length: 100 }, () => gate.decide(CASE_LANE, ask('w') as GateEvent & { kind: 'ask' }))
      const outcomes = await Promise.all(asked)
      await close?.()
      expect(outcomes.filter(({ is }) => is === 'admitted')).toHaveLength(40)
    })

    const { loseMemory } = subject
    if (loseMemory === undefined) return
    it('keeps a closed lane closed when its memory is lost', async () => {
      let now = START
      const { gate, close } = await subject.open({ now: () => now, configOf: () => ({}) })
      await gate.decide(CASE_LANE, pause(30_000))
      await loseMemory()
      now += 1000
      const outcome = await gate.decide(CASE_LANE, ask('w'))
      await close?.()
      expect(outcome).toMatchObject({ is: 'wait', why: 'closed', until: START + 30_000 })
    })
  })
}
