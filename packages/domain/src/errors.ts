import type { JsonObject } from './json.ts'

export const ERROR_CODES = [
  'model_rate_limited',
  'model_overloaded',
  'model_timeout',
  'model_unavailable',
  'model_auth',
  'model_bad_request',
  'model_refused',
  'model_malformed',
  'model_truncated',
  'tool_failed',
  'attempt_timeout',
  'start_timeout',
  'worker_lost',
  'verification_failed',
  'budget_exceeded',
  'too_many_turns',
  'no_progress',
  'plan_invalid',
  'configuration',
  'cancelled',
  'internal',
] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** Parts of the system, as statistics of errors tell them apart. */
export const COMPONENTS = ['model', 'tool', 'agent', 'verifier', 'planner', 'budget', 'worker', 'system'] as const
export type Component = (typeof COMPONENTS)[number]

const COMPONENT_OF: Readonly<Partial<Record<ErrorCode, Component>>> = {
  tool_failed: 'tool',
  attempt_timeout: 'agent',
  too_many_turns: 'agent',
  no_progress: 'agent',
  verification_failed: 'verifier',
  plan_invalid: 'planner',
  budget_exceeded: 'budget',
  start_timeout: 'worker',
  worker_lost: 'worker',
}

/** The part that has failed. */
export const componentOf = (code: ErrorCode): Component =>
  code.startsWith('model_') ? 'model' : (COMPONENT_OF[code] ?? 'system')

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'model_rate_limited',
  'model_overloaded',
  'model_timeout',
  'model_unavailable',
  'model_malformed',
  'model_truncated',
  'tool_failed',
  'attempt_timeout',
  'no_progress',
  'internal',
])

/** Whether another attempt may help. Decided here, once. */
export const isRetryable = (code: ErrorCode): boolean => RETRYABLE.has(code)

/** A failure as it is recorded and shown; never a stack trace. */
export type Failure = Readonly<{ code: ErrorCode; message: string; retryAfterMs?: number }>

/** The one base class of thrown errors: bugs and broken infrastructure only. */
export class FlotillaError extends Error {
  readonly code: string
  readonly data: JsonObject
  constructor(code: string, message: string, options: { data?: JsonObject; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.data = options.data ?? {}
  }
}

/** Something that the operator has to mend before the process can run. */
export class ConfigurationError extends FlotillaError {
  constructor(message: string, options: { data?: JsonObject; cause?: unknown } = {}) {
    super('configuration', message, options)
  }
}
