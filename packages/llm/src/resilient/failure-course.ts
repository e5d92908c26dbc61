import type { ErrorCode } from '@flotilla/domain'

/** What follows a failed call. */
export type FailureCourse = Readonly<{
  /** The same call may be made again at once, if nothing of its answer has been shown. */
  retry: boolean
  /** Another model may be asked instead. */
  moveOn: boolean
  /** What it says of the lane: `strike` that it is in trouble, `alive` that it answers. */
  lane: 'strike' | 'alive' | 'nothing'
}>

const ANSWERED: FailureCourse = { retry: false, moveOn: false, lane: 'alive' }
const NONE: FailureCourse = { retry: false, moveOn: false, lane: 'nothing' }

const COURSES: Readonly<Partial<Record<ErrorCode, FailureCourse>>> = {
  // The gate's business: the lane is closed for the whole fleet, and a retry would be refused as well. A circuit of each process
  // beside it would stay open when a person says that the key is good now.
  model_rate_limited: { retry: false, moveOn: true, lane: 'alive' },
  model_auth: { retry: false, moveOn: true, lane: 'alive' },
  model_overloaded: { retry: true, moveOn: true, lane: 'strike' },
  model_unavailable: { retry: true, moveOn: true, lane: 'strike' },
  // It has cost its time already.
  model_timeout: { retry: false, moveOn: true, lane: 'strike' },
  // What one model refuses is not to be had from another, and a wrong request is wrong everywhere.
  model_refused: ANSWERED,
  model_bad_request: ANSWERED,
  // Sent back to the same model with what is wrong, or answered by another attempt.
  model_malformed: ANSWERED,
  model_truncated: ANSWERED,
}

/** Whatever is not a model's failure, such as a budget or a cancellation, ends the call. */
export const courseOf = (code: ErrorCode): FailureCourse => COURSES[code] ?? NONE
