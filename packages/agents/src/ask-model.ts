import { NO_USAGE, addUsage, type Failure, type Issue, type Usage } from '@flotilla/domain'
import {
  assistantTurn,
  replyText,
  userText,
  type AssistantMessage,
  type Message,
  type ModelOutcome,
  type ModelReply,
  type ModelRequest,
} from '@flotilla/llm'
import { refusalFailure, type CallModel, type CallRefusal, type ModelCall } from './model-call.ts'

/** A model, by the way its calls are made. */
export type AskDeps = Readonly<{
  call: CallModel
  /** The name on record of the model that is asked first, such as `anthropic:claude-…`. */
  modelRef: string
  /** It makes its answers up. */
  simulated: boolean
  /** Milliseconds since the epoch. */
  now: () => number
}>

/** One call for the record: what was sent and what came back. Times in milliseconds since the epoch. */
export type AskTurn = Readonly<{
  turn: number
  model: string
  request: ModelCall
  reply: ModelReply | null
  failure: Failure | null
  stopReason: string
  usage: Usage
  startedAtMs: number
  finishedAtMs: number
}>

export type ReadAnswer<T> = Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; issues: readonly Issue[] }>

export type Ask<T> = Readonly<{
  system: string
  prompt: string
  responseSchema: NonNullable<ModelRequest['responseSchema']>
  maxOutputTokens: number
  read: (text: string) => ReadAnswer<T>
  /** The message that answers an invalid reply. */
  repair: (issues: readonly Issue[]) => string
  maxRepairs: number
  /** What it is called when the last repair is invalid too. */
  invalid: Readonly<{ code: Failure['code']; what: string }>
  /** Asks that begin alike share it. */
  cacheKey?: string
  signal: AbortSignal
}>

type Spent = Readonly<{ turns: readonly AskTurn[]; usage: Usage; repairs: number }>
/** `refusal`: that a call could not be made ended it, and why. */
export type AskFailed = Readonly<{
  ok: false
  failure: Failure
  issues: readonly Issue[]
  refusal: CallRefusal | null
}>
export type AskOutcome<T> = Spent & (Readonly<{ ok: true; value: T }> | AskFailed)

/**
 * Asks a model for a value and sends what is wrong with its answer back, at most `maxRepairs` times. A model's failure ends
 * it at once: retries of calls are the attempt's business. Rejects only for bugs.
 */
export async function askModel<T>(deps: AskDeps, ask: Ask<T>): Promise<AskOutcome<T>> {
  const messages: Message[] = [userText(ask.prompt)]
  const turns: AskTurn[] = []
  for (let repairs = 0; ; repairs++) {
    const failed = (failure: Failure, issues: readonly Issue[] = [], refusal: CallRefusal | null = null) =>
      ({ ok: false, failure, issues, refusal, ...spentOn(turns, repairs) }) as const
    if (ask.signal.aborted) return failed({ code: 'cancelled', message: 'called off before the model was asked' })
    const { turn, outcome, refusal } = await call(deps, requestOf(ask, messages), turns.length + 1, ask.signal)
    if (turn.usage.modelCalls > 0) turns.push(turn)
    if (refusal !== null) return failed(refusalFailure(refusal, deps.now()), [], refusal)
    const answer = readOutcome(outcome, ask)
    if (answer.kind === 'value') return { ok: true, value: answer.value, ...spentOn(turns, repairs) }
    if (answer.kind === 'failure') return failed(answer.failure)
    if (repairs >= ask.maxRepairs) return failed(stillInvalid(ask, repairs, answer.issues), answer.issues)
    messages.push(said(outcome), userText(ask.repair(answer.issues)))
  }
}

const spentOn = (turns: readonly AskTurn[], repairs: number): Spent => ({
  turns,
  repairs,
  usage: turns.reduce((sum, turn) => addUsage(sum, turn.usage), NO_USAGE),
})

function requestOf<T>(ask: Ask<T>, messages: readonly Message[]): ModelCall {
  const { system, responseSchema, maxOutputTokens, cacheKey } = ask
  return { system, messages: [...messages], responseSchema, maxOutputTokens, ...(cacheKey && { cacheKey }) }
}

async function call(deps: AskDeps, request: ModelCall, number: number, signal: AbortSignal) {
  const startedAtMs = deps.now()
  const { outcome, modelRef, usage, refusal } = await deps.call(request, { signal })
  const turn: AskTurn = {
    turn: number,
    model: modelRef,
    request,
    reply: outcome.ok ? outcome.reply : null,
    failure: outcome.ok ? null : outcome.failure,
    stopReason: outcome.ok ? outcome.reply.stopReason : outcome.failure.code,
    usage,
    startedAtMs,
    finishedAtMs: deps.now(),
  }
  return { turn, outcome, refusal }
}

type Answer<T> =
  | Readonly<{ kind: 'value'; value: T }>
  | Readonly<{ kind: 'issues'; issues: readonly Issue[] }>
  | Readonly<{ kind: 'failure'; failure: Failure }>

/** A provider that checks the schema calls a misfit `model_malformed`: its text is read all the same, and may do. */
function readOutcome<T>(outcome: ModelOutcome, ask: Ask<T>): Answer<T> {
  if (!outcome.ok) {
    if (outcome.failure.code === 'model_truncated') return cutOff(ask)
    if (outcome.failure.code !== 'model_malformed') return { kind: 'failure', failure: outcome.failure }
    const raw = outcome.raw ?? ''
    if (raw.trim() === '') return { kind: 'issues', issues: [{ path: '', message: outcome.failure.message }] }
    return readText(raw, ask)
  }
  const { reply } = outcome
  if (reply.stopReason === 'refusal')
    return {
      kind: 'failure',
      failure: { code: 'model_refused', message: `the model ${reply.model} refused to answer` },
    }
  // A cut JSON text can be mended into a shorter, wrong value: it is never read.
  return reply.stopReason === 'max_tokens' ? cutOff(ask) : readText(replyText(reply), ask)
}

const cutOff = <T>(ask: Ask<T>): Answer<T> => ({
  kind: 'issues',
  issues: [{ path: '', message: `the answer was cut off at ${ask.maxOutputTokens} tokens: answer more briefly` }],
})

function readText<T>(text: string, ask: Ask<T>): Answer<T> {
  const read = ask.read(text)
  return read.ok ? { kind: 'value', value: read.value } : { kind: 'issues', issues: read.issues }
}

const SHOWN_ISSUES = 5

export const issueText = ({ path, message }: Issue): string => (path === '' ? message : `${path}: ${message}`)

function stillInvalid<T>(ask: Ask<T>, repairs: number, issues: readonly Issue[]): Failure {
  const shown = issues.slice(0, SHOWN_ISSUES).map(issueText).join('; ')
  const more = issues.length > SHOWN_ISSUES ? ` and ${issues.length - SHOWN_ISSUES} more` : ''
  const after = repairs === 0 ? '' : ` after ${repairs} ${repairs === 1 ? 'repair' : 'repairs'}`
  return { code: ask.invalid.code, message: `the model gave no valid ${ask.invalid.what}${after}: ${shown}${more}` }
}

/** What the model said, as its turn. Providers refuse an empty one. */
function said(outcome: ModelOutcome): AssistantMessage {
  if (outcome.ok && replyText(outcome.reply).trim() !== '') return assistantTurn(outcome.reply)
  const raw = outcome.ok ? '' : (outcome.raw ?? '')
  return { role: 'assistant', content: [{ type: 'text', text: raw.trim() === '' ? '(no answer)' : raw }] }
}
