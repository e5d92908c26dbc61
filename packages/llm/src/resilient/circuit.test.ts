import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { CLOSED_CIRCUIT, DEFAULT_CIRCUIT, decideCircuit, type CircuitEvent, type CircuitResult } from './circuit.ts'

function circuit() {
  let state = CLOSED_CIRCUIT
  const decide = (event: CircuitEvent, now: number) => {
    const step = decideCircuit(DEFAULT_CIRCUIT, state, event, now)
    state = step.state
    return step.outcome
  }
  return {
    ask: (now: number) => decide({ kind: 'ask' }, now),
    result: (result: CircuitResult, now: number) =>
      void decide({ kind: 'result', result, why: result, random: 0.5 }, now),
    get state() {
      return state
    },
  }
}

const struck = (times: number, now = 0) => {
  const lane = circuit()
  for (let n = 0; n < times; n++) lane.result('strike', now)
  return lane
}

describe('a circuit', () => {
  it('opens by strikes in a row only', () => {
    const lane = struck(4)
    lane.result('alive', 1)
    lane.result('strike', 2)
    expect(lane.ask(3)).toEqual({ is: 'pass' })
    expect(struck(5).ask(1)).toEqual({ is: 'open', until: 15_000, why: 'strike' })
  })

  it('lets one probe through when its time is over, and closes or opens for longer by it', () => {
    const good = struck(5)
    expect([good.ask(15_000), good.ask(15_001)]).toMatchObject([{ is: 'probe' }, { is: 'open' }])
    good.result('alive', 16_000)
    expect(good.ask(16_001)).toEqual({ is: 'pass' })
    const bad = struck(5)
    bad.ask(15_000)
    bad.result('strike', 16_000)
    expect(bad.ask(20_000)).toEqual({ is: 'open', until: 46_000, why: 'strike' })
  })

  it('gives a probe up that nobody tells the end of, and one that was not made', () => {
    const lane = struck(5)
    lane.ask(15_000)
    expect(lane.ask(15_000 + DEFAULT_CIRCUIT.probeMs)).toEqual({ is: 'probe' })
    lane.result('nothing', 140_000)
    expect(lane.ask(140_001)).toEqual({ is: 'probe' })
  })

  it('hears no old news while it is open', () => {
    const lane = struck(5)
    lane.result('alive', 10)
    expect(lane.ask(20)).toEqual({ is: 'open', until: 15_000, why: 'strike' })
  })

  it('never lets two through while it is not closed, and always opens a way again', () => {
    const result = fc.constantFrom<CircuitResult>('alive', 'strike', 'nothing')
    const step = fc.tuple(fc.nat(40_000), fc.option(result, { nil: undefined }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const lane = circuit()
        let [now, probing] = [0, 0]
        for (const [wait, told] of steps) {
          now += wait
          if (told !== undefined) {
            lane.result(told, now)
            probing = 0
            continue
          }
          const outcome = lane.ask(now)
          if (outcome.is === 'open') expect(outcome.until).toBeGreaterThan(now)
          if (outcome.is === 'probe') expect(now).toBeGreaterThanOrEqual(probing)
          if (outcome.is === 'probe') probing = now + DEFAULT_CIRCUIT.probeMs
        }
        expect(lane.ask(now + 1_000_000).is).not.toBe('open')
      }),
    )
  })
})
