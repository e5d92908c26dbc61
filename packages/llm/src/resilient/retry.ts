import type { Failure } from '@flotilla/domain'
import { courseOf } from './failure-course.ts'

export type RetryPolicy = Readonly<{
  /** Calls after the first. */
  retries: number
  baseMs: number
  maxMs: number
  /** A provider that asks for a longer wait is not waited for in the call: that would hold a worker's slot. */
  maxRetryAfterMs: number
}>

export const DEFAULT_RETRY: RetryPolicy = { retries: 2, baseMs: 400, maxMs: 4000, maxRetryAfterMs: 4000 }

export type RetryDecision =
  | Readonly<{ retry: true; waitMs: number }>
  | Readonly<{ retry: false; why: 'course' | 'shown' | 'used_up' | 'too_long' }>

/** Whether a call that failed is made again on its lane. `retried` counts what was; `random` in [0, 1). */
export function decideRetry(
  policy: RetryPolicy,
  call: Readonly<{ failure: Failure; retried: number; shown: boolean }>,
  random: number,
): RetryDecision {
  const { failure, retried, shown } = call
  if (!courseOf(failure.code).retry) return { retry: false, why: 'course' }
  if (shown) return { retry: false, why: 'shown' }
  if (retried >= policy.retries) return { retry: false, why: 'used_up' }
  if ((failure.retryAfterMs ?? 0) > policy.maxRetryAfterMs) return { retry: false, why: 'too_long' }
  const backoff = Math.min(policy.maxMs, policy.baseMs * 2 ** retried) * (0.5 + random / 2)
  return { retry: true, waitMs: Math.ceil(Math.max(failure.retryAfterMs ?? 0, backoff)) }
}
