import { AttemptAbort } from '@flotilla/agents'
import { describe, expect, it } from 'vitest'
import { HeldClaims } from './held-claims.ts'

const claim = (runId: number, idx: number, fence = 1) => ({ runId, idx, fence })
const why = (signal: AbortSignal): string | null => (signal.reason instanceof AttemptAbort ? signal.reason.kind : null)

describe('held claims', () => {
  it('are what is held now, by fence', () => {
    const held = new HeldClaims()
    held.hold(claim(1, 0, 1))
    held.hold(claim(1, 0, 2))
    held.hold(claim(2, 0))
    held.release(claim(1, 0, 1))
    held.release(claim(9, 9))
    expect(held.all()).toEqual([claim(1, 0, 2), claim(2, 0)])
    expect(held.size).toBe(2)
  })

  it('are stopped one by one, with the reason; another fence is another claim', () => {
    const held = new HeldClaims()
    const [old, own] = [held.hold(claim(1, 0, 1)).signal, held.hold(claim(1, 0, 2)).signal]
    held.stop(claim(1, 0, 1), 'lease_lost')
    held.stop(claim(1, 7), 'lease_lost')
    expect([why(old), own.aborted]).toEqual(['lease_lost', false])
  })

  it('of a run are stopped together', () => {
    const held = new HeldClaims()
    const signals = [claim(1, 0), claim(1, 1), claim(2, 0)].map((each) => held.hold(each).signal)
    held.stopRun(1, 'cancelled')
    expect(signals.map((signal) => why(signal))).toEqual(['cancelled', 'cancelled', null])
  })

  it('keep the first reason', () => {
    const held = new HeldClaims()
    const { signal } = held.hold(claim(1, 0))
    held.stop(claim(1, 0), 'lease_lost')
    held.stopRun(1, 'cancelled')
    expect(why(signal)).toBe('lease_lost')
  })

  it('are all stopped at the end, those too whose claim commits afterwards', () => {
    const held = new HeldClaims()
    const before = held.hold(claim(1, 0)).signal
    held.stopAll('shutdown')
    const after = held.hold(claim(2, 0)).signal
    expect([why(before), why(after)]).toEqual(['shutdown', 'shutdown'])
    expect(held.size).toBe(2)
  })

  it('yield by run or all together, which cuts nothing off', () => {
    const held = new HeldClaims()
    const [one, two] = [held.hold(claim(1, 0)), held.hold(claim(2, 0))]
    held.yieldRun(1)
    expect([one.yielding.aborted, two.yielding.aborted]).toEqual([true, false])
    held.yieldAll()
    const after = held.hold(claim(3, 0))
    expect([one, two, after].map((each) => each.yielding.aborted)).toEqual([true, true, true])
    expect([one, two, after].map((each) => each.signal.aborted)).toEqual([false, false, false])
  })
})
