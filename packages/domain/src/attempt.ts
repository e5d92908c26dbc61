import * as v from 'valibot'
import { isRetryable, type Failure } from './errors.ts'

/** first; retry after a failure; continuation of the same conversation; revision after a verdict; recovery of a lost worker's. */
export const ATTEMPT_KINDS = ['first', 'retry', 'continuation', 'revision', 'recovery'] as const
export type AttemptKind = (typeof ATTEMPT_KINDS)[number]
export const AttemptKindSchema = v.picklist(ATTEMPT_KINDS)

export const ATTEMPT_STATUSES = ['running', 'succeeded', 'failed', 'lost', 'released', 'cancelled'] as const
export type AttemptStatus = (typeof ATTEMPT_STATUSES)[number]

/** Counters of one task, from the record, at the time of its claim. */
export type AttemptCounts = Readonly<{ tries: number; recoveries: number; revisions: number }>
export type AttemptCaps = Readonly<{ maxAttempts: number; maxRecoveries: number; maxRevisions: number }>

export const DEFAULT_MAX_ATTEMPTS = 3
export const DEFAULT_MAX_REVISIONS = 2
export const DEFAULT_MAX_RECOVERIES = 5

const BACKOFF_BASE_MS = 1_000
const BACKOFF_CAP_MS = 60_000

/**
 * Milliseconds until retry number `retry` (1 for the first): 1, 2, 4 … 60 s, with ±25 % jitter from `random` in [0, 1).
 * A provider's `retryAfterMs` is a lower bound.
 */
export function retryDelayMs(retry: number, random: number, retryAfterMs = 0, baseMs = BACKOFF_BASE_MS): number {
  const exponential = Math.min(BACKOFF_CAP_MS, baseMs * 2 ** Math.max(0, retry - 1))
  return Math.max(Math.round(exponential * (0.75 + random / 2)), retryAfterMs)
}

export type FailureDecision =
  | Readonly<{ kind: 'retry'; delayMs: number; failure: Failure }>
  | Readonly<{ kind: 'fail'; failure: Failure }>

/** A failed attempt is tried again while its kind of failure may pass and tries are left. `tries` counts this attempt. */
export function decideAfterFailure(input: {
  failure: Failure
  counts: AttemptCounts
  caps: AttemptCaps
  random: number
  baseMs?: number
}): FailureDecision {
  const { failure, counts, caps } = input
  if (!isRetryable(failure.code) || counts.tries >= caps.maxAttempts) return { kind: 'fail', failure }
  return {
    kind: 'retry',
    delayMs: retryDelayMs(counts.tries, input.random, failure.retryAfterMs ?? 0, input.baseMs),
    failure,
  }
}
