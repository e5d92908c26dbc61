import type { Failure, JsonObject, Output, Usage } from '@flotilla/domain'
import type { Hop, Message, ModelReply, ModelRequest } from '@flotilla/llm'
import type { CallRefusal } from '../model-call.ts'
import type { ContextRecord } from '../context/context-record.ts'

/** What was sent in a turn: only the messages added since the turn before; the first turn also holds the system text. */
export type TurnRequest = Readonly<{ system?: string; messages: readonly Message[] }> &
  Pick<ModelRequest, 'reasoning' | 'parallelToolCalls' | 'timeouts'>
/** What came back; `content` is kept whole, since a conversation that goes on carries it back unchanged. */
export type TurnReply = Pick<
  ModelReply,
  'content' | 'model' | 'provider' | 'simulated' | 'refusal' | 'providerStop' | 'firstTokenMs'
>

/** One model turn for the record. `turn` counts from 1 through the whole conversation, earlier attempts included. */
export type Turn = Readonly<{
  turn: number
  model: string
  request: TurnRequest
  reply: TurnReply
  stopReason: string
  usage: Usage
  /** First turn: what went into the prompt, what was cut, and why. */
  context: ContextRecord | null
  startedAt: string
  /** Models that did not answer on the way to this reply, and why. */
  hops?: readonly Hop[]
}>

/** Where a tool call stands in the record: the attempt and turn that asked for it, and its position in that turn from 0. */
export type ToolCallKey = Readonly<{ attempt: number; turn: number; n: number }>

/** Before dispatch. */
export type ToolCallStart = ToolCallKey &
  Readonly<{ callId: string; effectId: string; tool: string; arguments: JsonObject }>
/** After it; `result` is what the model is told. */
export type ToolCallFinish = ToolCallKey &
  Readonly<{ tool: string; effectId: string; status: 'succeeded' | 'failed'; result: string }>

/** A call as the ledger knows it. `started` without an outcome: whether it happened is unknown. */
export type PastToolCall = Readonly<{
  n: number
  status: 'started' | 'succeeded' | 'failed'
  result: string | null
  /** Of unknown outcome, and a person has said: make it once more. */
  mayRepeat: boolean
}>

/** An unsafe call of which nobody knows whether it took effect, and why not: a person decides. */
export type UnknownCall = ToolCallKey &
  Readonly<{ effectId: string; tool: string; arguments: JsonObject; reason: string }>

/** A turn that an earlier attempt of this conversation recorded, and what the ledger knows of its tool calls. */
export type PastTurn = Readonly<{
  attempt: number
  turn: number
  request: TurnRequest
  reply: TurnReply
  stopReason: string
  toolCalls: readonly PastToolCall[]
}>

/**
 * How an attempt ended. `usage` is all that it used, `unrecorded` the part that no recorded turn holds yet: the
 * settlement adds it together with `lastTurn`, which it commits. `cut_off`: the answer hit its limit of tokens and can go on
 * from there; `cutOffs` counts those of the conversation. `released` gives the task back untouched (shutdown); after `lost`
 * nothing may be written, for another worker holds the task.
 */
export type AttemptOutcome =
  | (Spent & Readonly<{ kind: 'output'; output: Output; lastTurn: Turn }>)
  | (Spent & Readonly<{ kind: 'failed'; failure: Failure; lastTurn?: Turn }>)
  | (Spent & Readonly<{ kind: 'cut_off'; failure: Failure; cutOffs: number; lastTurn: Turn }>)
  | (Spent & Readonly<{ kind: 'released' }>)
  | (Spent & Readonly<{ kind: 'await'; unknown: UnknownCall }>)
  /** A call could not be made: the task waits, or its budget is used up. */
  | (Spent & Readonly<{ kind: 'refused'; refusal: CallRefusal }>)
  | (Spent & Readonly<{ kind: 'lost' }>)

type Spent = Readonly<{ usage: Usage; unrecorded: Usage }>
