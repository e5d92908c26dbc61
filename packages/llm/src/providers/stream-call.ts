import {
  DEFAULT_TIMEOUTS,
  type ModelCallOptions,
  type ModelFailure,
  type ModelOutcome,
  type ModelReply,
  type ModelRequest,
  type Refusal,
  type ReplyPart,
  type StopReason,
  type TokenUsage,
} from '../port.ts'
import { compileProblem } from '../json-schema.ts'
import { mediaProblem } from '../media.ts'
import { parseRateLimits } from '../rate-limits.ts'
import { roughRequestTokens, roughTokens } from '../tokens.ts'
import { describeTimeout, watchCall, type CallWatch } from './call-watch.ts'
import { failureOfError, isBug, modelFailure, type CallIdentity } from './failure.ts'
import { checkStructuredReply } from './structured-reply.ts'
import { wireFetch } from './wire-fetch.ts'

/** What a provider's events have added up to. */
export type Folded = {
  content: ReplyPart[]
  stopReason: StopReason
  providerStop?: string
  refusal?: Refusal
  usage: TokenUsage
  usageEstimated?: true
  model: string
}

export type FoldEnd =
  | { is: 'complete'; folded: Folded }
  /** The stream ended before its closing event. */
  | { is: 'cut' }
  | { is: 'failed'; failure: ModelFailure }

/** Adds up the events of one streamed reply; pure but for what it remembers. */
export type StreamFold<TEvent> = {
  /** Returns what the event added to the text; `content` tells that the model has begun to answer. */
  push(event: TEvent): { content: boolean; text?: string }
  end(): FoldEnd
  /** Characters that were received so far, and the usage that was told so far. */
  partial(): { received: string; usage?: TokenUsage }
}

/** What one call may use to reach the server. */
export type Connection = { fetch: typeof fetch; signal: AbortSignal }

export type StreamedCall<TEvent> = {
  who: CallIdentity
  request: ModelRequest
  options: ModelCallOptions
  open(connection: Connection): Promise<AsyncIterable<TEvent>>
  fold: StreamFold<TEvent>
}

/** Runs one streamed call: time limits, cancellation, cut streams and errors all end as values. */
export async function streamCall<TEvent>(call: StreamedCall<TEvent>): Promise<ModelOutcome> {
  const { who, request, options } = call
  const problem = request.responseSchema && (await compileProblem(request.responseSchema.schema))
  if (problem !== undefined) return badSchema(who, request, problem)
  const unreadable = mediaProblem(request)
  if (unreadable !== undefined) return modelFailure(who, 'model_bad_request', unreadable, { todo: 'change the input' })
  const watch = watchCall(options.signal, { ...DEFAULT_TIMEOUTS, ...request.timeouts })
  const headers: { latest?: Headers } = {}
  try {
    const outcome = await consume(call, watch, headers)
    const limits = headers.latest && parseRateLimits(headers.latest, Date.now())
    return limits && !outcome.limits ? { ...outcome, limits } : outcome
  } finally {
    watch.close()
  }
}

async function consume<TEvent>(
  call: StreamedCall<TEvent>,
  watch: CallWatch,
  headers: { latest?: Headers },
): Promise<ModelOutcome> {
  const opened = await attempt(call, watch, async () => {
    watch.signal.throwIfAborted()
    const connection = { fetch: watchedFetch(watch, headers), signal: watch.signal }
    return (await call.open(connection))[Symbol.asyncIterator]()
  })
  if (!opened.ok) return opened.failure
  for (;;) {
    const next = await attempt(call, watch, () => opened.value.next())
    if (!next.ok) return brokenOff(call, watch, next.failure)
    if (next.value.done) return conclude(call, watch)
    const added = call.fold.push(next.value.value)
    if (added.content) watch.token()
    if (added.text) call.options.onText?.(added.text)
  }
}

/** Only the SDK's own work is caught: errors of the fold, of `onText` and other bugs reject. */
async function attempt<TEvent, T>(
  call: StreamedCall<TEvent>,
  watch: CallWatch,
  work: () => Promise<T>,
): Promise<{ ok: true; value: T } | { ok: false; failure: ModelFailure }> {
  try {
    const value = await work()
    return watch.stop ? { ok: false, failure: stopped(call, watch) } : { ok: true, value }
  } catch (error) {
    if (watch.stop) return { ok: false, failure: stopped(call, watch) }
    if (isBug(error)) throw error
    return { ok: false, failure: { ...failureOfError(call.who, error, Date.now()), ...spent(call) } }
  }
}

/** A server that has said all and only fails to close the connection has answered. */
async function brokenOff<TEvent>(
  call: StreamedCall<TEvent>,
  watch: CallWatch,
  failure: ModelFailure,
): Promise<ModelOutcome> {
  const answered = watch.stop?.why !== 'cancelled' && call.fold.end().is === 'complete'
  return answered ? conclude(call, watch) : failure
}

function stopped<TEvent>(call: StreamedCall<TEvent>, watch: CallWatch): ModelFailure {
  const { stop } = watch
  if (stop?.why === 'timeout') return modelFailure(call.who, 'model_timeout', describeTimeout(stop), givenUp(call))
  return modelFailure(call.who, 'cancelled', 'was called off by the caller', {
    todo: 'nothing to do',
    ...givenUp(call),
  })
}

async function conclude<TEvent>(call: StreamedCall<TEvent>, watch: CallWatch): Promise<ModelOutcome> {
  const end = call.fold.end()
  if (end.is === 'failed') return { ...spent(call), ...end.failure }
  if (end.is === 'cut') {
    return modelFailure(call.who, 'model_unavailable', 'cut its answer off before the end', givenUp(call))
  }
  const { folded } = end
  const structured = await checkStructuredReply(call.who, call.request, folded)
  if (structured && !structured.ok) return structured
  const reply: ModelReply = {
    ...folded,
    provider: call.who.provider,
    simulated: false,
    ...(structured && { structured: structured.value }),
    ...(watch.firstTokenMs !== undefined && { firstTokenMs: watch.firstTokenMs }),
  }
  return { ok: true, reply }
}

type Spent = Pick<ModelFailure, 'usage' | 'usageEstimated' | 'usageUnknown'>

/** The same of a call that was given up: its provider may have worked all the while. */
const givenUp = <TEvent>(call: StreamedCall<TEvent>): Spent => {
  const told = spent(call)
  return told.usage ? told : { usageUnknown: true }
}

/** What a failed call has cost: as told, else estimated once content had begun to arrive. */
function spent<TEvent>(call: StreamedCall<TEvent>): Spent {
  const { received, usage } = call.fold.partial()
  if (received === '') return usage ? { usage } : {}
  const outputTokens = Math.max(usage?.outputTokens ?? 0, roughTokens(received))
  const inputTokens = usage?.inputTokens ?? roughRequestTokens(call.request)
  return {
    usage: { cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0, ...usage, inputTokens, outputTokens },
    usageEstimated: true,
  }
}

function badSchema(who: CallIdentity, request: ModelRequest, problem: string): ModelFailure {
  const name = request.responseSchema?.name
  return modelFailure(who, 'model_bad_request', `was not called: the schema "${name}" is no JSON Schema (${problem})`, {
    todo: 'correct the schema',
  })
}

/** `fetch` that tells the watch of headers and bytes. */
const watchedFetch =
  (watch: CallWatch, seen: { latest?: Headers }): typeof fetch =>
  async (input, init) => {
    const response = await wireFetch(input, init, () => watch.received())
    watch.responded()
    seen.latest = response.headers
    return response
  }
