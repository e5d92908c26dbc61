import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attemptTally,
  decideAfterCutOff,
  decideAfterFailure,
  decideAfterLoss,
  recoveryDelayMs,
  retryDelayMs,
} from './attempt.ts'
import { ERROR_CODES, isRetryable, type ErrorCode } from './errors.ts'

const failed = (code: ErrorCode, tries: number, retryAfterMs?: number) =>
  decideAfterFailure({
    failure: { code, message: 'no', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    counts: { tries },
    maxAttempts: 3,
    random: 0.5,
  })

describe('retryDelayMs', () => {
  it('doubles from a second to a minute', () => {
    expect([1, 2, 3, 7, 50].map((retry) => retryDelayMs(retry, 0.5))).toEqual([1_000, 2_000, 4_000, 60_000, 60_000])
  })

  it('stays within a quarter of the exponential and never below what the provider asks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(600_000),
        (retry, random, after) => {
          const exponential = Math.min(60_000, 1_000 * 2 ** (retry - 1))
          const delay = retryDelayMs(retry, random, after)
          expect(delay).toBeGreaterThanOrEqual(Math.max(Math.floor(exponential * 0.75), after))
          expect(delay).toBeLessThanOrEqual(Math.max(Math.ceil(exponential * 1.25), after))
          expect(Number.isInteger(delay)).toBe(true)
        },
      ),
    )
  })

  it('scales with the base', () => {
    expect(retryDelayMs(3, 0.5, 0, 10)).toBe(40)
  })
})

describe('decideAfterFailure', () => {
  it('retries while tries are left', () => {
    expect(failed('model_timeout', 1)).toMatchObject({ kind: 'retry', delayMs: 1_000 })
    expect(failed('model_timeout', 2)).toMatchObject({ kind: 'retry', delayMs: 2_000 })
    expect(failed('model_timeout', 3)).toMatchObject({ kind: 'fail' })
  })

  it('waits as long as the provider asks', () => {
    expect(failed('model_rate_limited', 1, 30_000)).toMatchObject({ kind: 'retry', delayMs: 30_000 })
  })

  it('retries no failure that another attempt cannot mend', () => {
    for (const code of ERROR_CODES) expect(failed(code, 1).kind).toBe(isRetryable(code) ? 'retry' : 'fail')
    for (const code of [
      'model_auth',
      'model_bad_request',
      'model_refused',
      'budget_exceeded',
      'cancelled',
      'plan_invalid',
    ] as const)
      expect(isRetryable(code)).toBe(false)
  })
})

describe('decideAfterLoss', () => {
  it('recovers at once, then after 1, 2, 4 and 8 s, and then buries', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((recoveries) => decideAfterLoss(recoveries))).toEqual([
      { kind: 'recover', delayMs: 0 },
      { kind: 'recover', delayMs: 1_000 },
      { kind: 'recover', delayMs: 2_000 },
      { kind: 'recover', delayMs: 4_000 },
      { kind: 'recover', delayMs: 8_000 },
      { kind: 'bury' },
      { kind: 'bury' },
    ])
  })

  it('recovers as often as its cap says, whatever it is, never sooner than before and within a minute', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), (recoveries, cap) => {
        expect(decideAfterLoss(recoveries, cap).kind).toBe(recoveries < cap ? 'recover' : 'bury')
        expect(recoveryDelayMs(recoveries + 1)).toBeGreaterThanOrEqual(recoveryDelayMs(recoveries))
        expect(recoveryDelayMs(recoveries)).toBeLessThanOrEqual(60_000)
      }),
    )
  })
})

describe('decideAfterCutOff', () => {
  it('goes on three times with one conversation, soon', () => {
    expect([1, 2, 3, 4].map((cutOffs) => decideAfterCutOff(cutOffs).kind)).toEqual([
      'continue',
      'continue',
      'continue',
      'fail',
    ])
    expect(decideAfterCutOff(1)).toEqual({ kind: 'continue', delayMs: 250 })
  })
})

describe('attemptTally', () => {
  it('tells first tries from retries, and has no cap for being handed back', () => {
    const counts = { tries: 3, recoveries: 1, revisions: 2, continuations: 9 }
    expect(attemptTally(counts, 1, 4)).toEqual({
      first: { count: 1, cap: 1 },
      retry: { count: 2, cap: 3 },
      continuation: { count: 9, cap: null },
      cutOff: { count: 1, cap: 3 },
      revision: { count: 2, cap: 2 },
      recovery: { count: 1, cap: 5 },
    })
    const none = { tries: 0, recoveries: 0, revisions: 0, continuations: 0 }
    expect(attemptTally(none, 0, 1)).toMatchObject({ first: { count: 0 }, retry: { count: 0, cap: 0 } })
  })
})
