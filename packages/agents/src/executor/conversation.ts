import type { Json } from '@flotilla/domain'
import {
  assistantTurn,
  replyText,
  replyToolCalls,
  userText,
  type Message,
  type ReplyPart,
  type ToolCallPart,
  type ToolResultPart,
  type UserMessage,
} from '@flotilla/llm'
import type { PastToolCall, PastTurn } from './attempt-outcome.ts'

/** A tool call that a turn asked for, with what is known of it from before; `attempt` is the one that asked. */
export type AskedToolCall = Readonly<{
  attempt: number
  turn: number
  n: number
  part: ToolCallPart
  past: PastToolCall | null
}>

/** A conversation on the way: what the model has seen, and what it has not seen yet. */
export type Conversation = Readonly<{
  system: string
  /** Seen: requests and replies of all turns so far. */
  messages: readonly Message[]
  /** Turns so far. */
  turns: number
  /** The first attempt of this conversation: with the turn it names effects apart from those of other conversations. */
  origin: number
}>

const GO_ON = 'Your last message was cut off. Go on exactly where it ended.'

export const beginConversation = (system: string, origin: number): Conversation => ({
  system,
  messages: [],
  turns: 0,
  origin,
})

export const afterTurn = (
  conversation: Conversation,
  request: readonly Message[],
  content: readonly ReplyPart[],
): Conversation => ({
  ...conversation,
  messages: [...conversation.messages, ...request, assistantTurn({ content: [...content] })],
  turns: conversation.turns + 1,
})

/** A conversation as an earlier attempt left it; null when it recorded nothing. `history` is in the order of its turns. */
export function resumeConversation(history: readonly PastTurn[]): Conversation | null {
  const [first] = history
  if (first === undefined) return null
  return history.reduce(
    (conversation, turn) => afterTurn(conversation, turn.request.messages, turn.reply.content),
    beginConversation(first.request.system ?? '', first.attempt),
  )
}

export const askedIn = (turn: PastTurn): AskedToolCall[] =>
  replyToolCalls(turn.reply).map((part, n) => ({
    attempt: turn.attempt,
    turn: turn.turn,
    n,
    part,
    past: turn.toolCalls.find((call) => call.n === n) ?? null,
  }))

/** What follows a resumed conversation whose last turn asked for no tool: it had ended too early. */
export const goOn = (): UserMessage => userText(GO_ON)

/** Turns whose answer hit the limit of tokens. Each ended its attempt. */
export const cutOffsIn = (history: readonly PastTurn[]): number =>
  history.filter((turn) => turn.stopReason === 'max_tokens').length

/** The text of the turns at the end that were cut off, one after the other. */
export function cutAnswer(history: readonly PastTurn[]): string {
  const lastWithTools = history.findLastIndex((turn) => replyToolCalls(turn.reply).length > 0)
  return history
    .slice(lastWithTools + 1)
    .map((turn) => replyText(turn.reply))
    .join('')
}

export const toolResults = (results: readonly ToolResultPart[]): UserMessage => ({
  role: 'user',
  content: [...results],
})

/** The same for every attempt of a conversation, and for no other call: what a tool uses to do a thing once. */
export const effectIdOf = (runId: string, taskKey: string, origin: number, turn: number, n: number): string =>
  `${runId}/${taskKey}/${origin}.${turn}/${n}`

/** Names of artifacts in calls that succeeded earlier. */
export const succeededIn = (history: readonly PastTurn[]): { name: string; args: Record<string, Json> }[] =>
  history.flatMap((turn) =>
    askedIn(turn)
      .filter((call) => call.past?.status === 'succeeded')
      .map(({ part }) => ({ name: part.name, args: part.arguments })),
  )
