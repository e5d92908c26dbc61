import * as v from 'valibot'
import { isRetryable, type Failure } from './errors.ts'

/** first; retry after a failure; continuation of the same conversation; revision after a verdict; recovery of a lost worker's. */
export const ATTEMPT_KINDS = ['first', 'retry', 'continuation', 'revision', 'recovery'] as const
export type AttemptKind = (typeof ATTEMPT_KINDS)[number]
export const AttemptKindSchema = v.picklist(ATTEMPT_KINDS)

export const ATTEMPT_STATUSES = ['running', 'succeeded', 'failed', 'lost', 'released', 'cancelled'] as const
export type AttemptStatus = (typeof ATTEMPT_STATUSES)[number]

/** Counters of one task, from the record, at the time of its claim. `tries` are first and retry attempts. */
export type AttemptCounts = Readonly<{ tries: number; recoveries: number; revisions: number; continuations: number }>

export const DEFAULT_MAX_ATTEMPTS = 3
export const DEFAULT_MAX_REVISIONS = 2
export const DEFAULT_MAX_RECOVERIES = 5
/** How often one conversation goes on with an answer that was cut off. */
export const DEFAULT_MAX_CUT_OFFS = 3

const BACKOFF_BASE_MS = 1_000
const BACKOFF_CAP_MS = 60_000
/** Of a continuation: the task has just been worked on, and nothing is wrong with it. */
const CONTINUATION_DELAY_MS = 250

/**
 * Milliseconds until retry number `retry` (1 for the first): 1, 2, 4 … 60 s, with ±25 % jitter from `random` in [0, 1).
 * A provider's `retryAfterMs` is a lower bound.
 */
export function retryDelayMs(retry: number, random: number, retryAfterMs = 0, baseMs = BACKOFF_BASE_MS): number {
  const exponential = Math.min(BACKOFF_CAP_MS, baseMs * 2 ** Math.max(0, retry - 1))
  return Math.max(Math.round(exponential * (0.75 + random / 2)), retryAfterMs)
}

/**
 * Milliseconds until recovery number `recovery` (1 for the first) may begin: at once, then 1, 2, 4 … 60 s, so that a task which
 * kills its workers does not burn a fleet. Without jitter: the sweep, which writes it, reckons the same.
 */
export const recoveryDelayMs = (recovery: number): number =>
  recovery <= 1 ? 0 : Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (recovery - 2))

export type FailureDecision =
  | Readonly<{ kind: 'retry'; delayMs: number; failure: Failure }>
  | Readonly<{ kind: 'fail'; failure: Failure }>

/** A failed attempt is tried again while its kind of failure may pass and tries are left. `tries` counts this attempt. */
export function decideAfterFailure(input: {
  failure: Failure
  counts: Pick<AttemptCounts, 'tries'>
  maxAttempts: number
  random: number
  baseMs?: number
}): FailureDecision {
  const { failure, counts } = input
  if (!isRetryable(failure.code) || counts.tries >= input.maxAttempts) return { kind: 'fail', failure }
  return {
    kind: 'retry',
    delayMs: retryDelayMs(counts.tries, input.random, failure.retryAfterMs ?? 0, input.baseMs),
    failure,
  }
}

export type LossDecision = Readonly<{ kind: 'recover'; delayMs: number } | { kind: 'bury' }>

/** What becomes of a task whose lease ran out after `recoveries` recoveries. */
export const decideAfterLoss = (recoveries: number, maxRecoveries = DEFAULT_MAX_RECOVERIES): LossDecision =>
  recoveries >= maxRecoveries ? { kind: 'bury' } : { kind: 'recover', delayMs: recoveryDelayMs(recoveries + 1) }

export type CutOffDecision = Readonly<{ kind: 'continue'; delayMs: number } | { kind: 'fail' }>

/** An answer that was cut off goes on in the same conversation. `cutOffs` counts those of the conversation, with this one. */
export const decideAfterCutOff = (cutOffs: number, maxCutOffs = DEFAULT_MAX_CUT_OFFS): CutOffDecision =>
  cutOffs > maxCutOffs ? { kind: 'fail' } : { kind: 'continue', delayMs: CONTINUATION_DELAY_MS }

const CountSchema = v.object({ count: v.number(), cap: v.nullable(v.number()) })

/** Attempts by kind; `cap` null where there is none. `cutOff` are the continuations of cut-off answers in the last conversation. */
export const AttemptTallySchema = v.pipe(
  v.object({
    first: CountSchema,
    retry: CountSchema,
    continuation: CountSchema,
    cutOff: CountSchema,
    revision: CountSchema,
    recovery: CountSchema,
  }),
  v.metadata({ ref: 'AttemptTally' }),
)
export type AttemptTally = v.InferOutput<typeof AttemptTallySchema>

/** How often a task was tried in each way, and how often it may be. */
export const attemptTally = (counts: AttemptCounts, cutOffs: number, maxAttempts: number): AttemptTally => ({
  first: { count: Math.min(1, counts.tries), cap: 1 },
  retry: { count: Math.max(0, counts.tries - 1), cap: maxAttempts - 1 },
  continuation: { count: counts.continuations, cap: null },
  cutOff: { count: cutOffs, cap: DEFAULT_MAX_CUT_OFFS },
  revision: { count: counts.revisions, cap: DEFAULT_MAX_REVISIONS },
  recovery: { count: counts.recoveries, cap: DEFAULT_MAX_RECOVERIES },
})
