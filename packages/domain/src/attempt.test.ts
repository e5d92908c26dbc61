import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideAfterFailure, retryDelayMs, type AttemptCaps } from './attempt.ts'
import { ERROR_CODES, isRetryable, type ErrorCode } from './errors.ts'

const caps: AttemptCaps = { maxAttempts: 3, maxRecoveries: 5, maxRevisions: 2 }
const failed = (code: ErrorCode, tries: number, retryAfterMs?: number) =>
  decideAfterFailure({
    failure: { code, message: 'no', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    counts: { tries, recoveries: 0, revisions: 0 },
    caps,
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
