import type {
  BudgetStop,
  CallPurpose,
  CallSettings,
  CallTimeouts,
  Failure,
  ModelSettings,
  Usage,
} from '@flotilla/domain'
import {
  NO_TOKENS,
  type ModelCallOptions,
  type ModelOutcome,
  type ModelProvider,
  type ModelRequest,
  type ModelTimeouts,
  type TokenUsage,
} from '@flotilla/llm'

/** A call that has no model yet: whoever makes it chooses, of those that may answer. */
export type ModelCall = Omit<ModelRequest, 'model'>

/** Limits of a call as they are configured, in seconds, as a model takes them. */
export function timeoutsOf(limits: CallTimeouts): Partial<ModelTimeouts> {
  const { connectSeconds, firstTokenSeconds, idleSeconds, totalSeconds } = limits
  const phases = {
    connectMs: connectSeconds,
    firstTokenMs: firstTokenSeconds,
    idleMs: idleSeconds,
    totalMs: totalSeconds,
  }
  return Object.fromEntries(
    Object.entries(phases).flatMap(([phase, seconds]) => (seconds === undefined ? [] : [[phase, seconds * 1_000]])),
  )
}

type Settings = Pick<ModelCall, 'reasoning' | 'parallelToolCalls' | 'timeouts'>

/** An agent's settings as a call takes them; nothing where they leave it to the model and the system. */
export function settingsOf({ reasoning, parallelToolCalls, timeouts }: ModelSettings): Settings {
  return {
    ...(reasoning && { reasoning }),
    ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    ...(timeouts && { timeouts: timeoutsOf(timeouts) }),
  }
}

/** The same for calls that no agent makes, by what they are for. */
export type SettingsByPurpose = Readonly<Partial<Record<CallPurpose, Readonly<Settings>>>>

export const settingsByPurpose = (settings: CallSettings): SettingsByPurpose =>
  Object.fromEntries(Object.entries(settings).map(([purpose, own]) => [purpose, settingsOf(own)]))

/**
 * Why a call was not made, where that is not a model's failure. `wait`: for its lane to open, or for room in a budget that other
 * calls hold; ask again at `until` (milliseconds since the epoch), nothing is wrong. `exceeded`: a budget is used up, and what its policy asks for then. `stopped`: the claim is lost, or its
 * run paused or cancelled.
 */
export type CallRefusal =
  | Readonly<{
      kind: 'wait'
      cause: 'lane' | 'room'
      until: number
      laneId: string | null
      /** The circuit of that lane is open. */
      circuit?: true
      why: string
    }>
  | Readonly<{ kind: 'exceeded'; policy: 'pause' | 'fail'; stop: BudgetStop | null; reason: string }>
  | Readonly<{ kind: 'stopped'; why: string }>

/** `usage` is that of every try that was made, also of those before a refusal; `modelRef` names who answered or was asked last. */
export type CalledModel = Readonly<{
  outcome: ModelOutcome
  modelRef: string
  usage: Usage
  refusal: CallRefusal | null
}>

/**
 * `onRestart`: all that `onText` was told of this call is void, and the answer begins anew. Without it a call is not tried
 * again, on any model, once a piece of its answer was told.
 */
export type CallOptions = ModelCallOptions & { onRestart?: () => void }

/** Makes one model call: admitted by budget and rate gate, tried again, or answered by another model. Rejects only for bugs. */
export type CallModel = (call: ModelCall, options: CallOptions) => Promise<CalledModel>

const WAIT_CODES = { lane: 'model_rate_limited', room: 'budget_exceeded' } as const

/** A refusal as the failure that stands for it. */
export function refusalFailure(refusal: CallRefusal, now: number): Failure {
  switch (refusal.kind) {
    case 'wait':
      return { code: WAIT_CODES[refusal.cause], message: refusal.why, retryAfterMs: Math.max(0, refusal.until - now) }
    case 'exceeded':
      return { code: 'budget_exceeded', message: refusal.reason }
    case 'stopped':
      return { code: 'cancelled', message: refusal.why }
  }
}

export type DirectModel = Readonly<{
  provider: ModelProvider
  /** The provider's own name of the model. */
  model: string
  /** Its name on record, such as `anthropic:claude-…`. */
  modelRef: string
  /** US dollars of one call. */
  costOf: (usage: TokenUsage) => number
}>

/** Calls one model, with nothing between: for tests, and models that cost nothing. */
export function callDirectly({ provider, model, modelRef, costOf }: DirectModel): CallModel {
  return async (call, { onRestart: _never, ...options }) => {
    const outcome = await provider.call({ ...call, model }, options)
    const tokens = outcome.ok ? outcome.reply.usage : (outcome.usage ?? NO_TOKENS)
    const usage = { ...tokens, toolCalls: 0, modelCalls: 1, costUsd: costOf(tokens) }
    return { outcome, modelRef, usage, refusal: null }
  }
}
