import type { Failure, Json } from '@flotilla/domain'
import { replyText, replyToolCalls, type Message, type TextPart } from '@flotilla/llm'

/** Turns in a row that brought nothing new, after which the model is told so, once. */
export const STANDSTILL_TURNS = 3
/** After so many the attempt fails. */
export const STANDSTILL_LIMIT = 2 * STANDSTILL_TURNS
/** Shorter texts beside tool calls, such as "Let me look further.", may be repeated by who gets on. */
export const REPEATED_TEXT_CHARS = 200

/**
 * How many turns at the end of a conversation brought nothing new: all made the same tool calls with the same results, or
 * all said the same. Read from the messages, so a conversation that another attempt goes on with counts as a whole.
 */
export function turnsStandingStill(messages: readonly Message[]): number {
  const turns = messages.flatMap((message, i) =>
    message.role === 'assistant' ? [traceOf(message, messages[i + 1])] : [],
  )
  return Math.max(alikeAtEnd(turns.map(({ calls }) => calls)), alikeAtEnd(turns.map(({ text }) => text)))
}

/** What the model is told beside the results of the turn that makes it too many; null before and after. */
export const standstillNote = (turns: number): TextPart | null =>
  turns === STANDSTILL_TURNS
    ? {
        type: 'text',
        text: `Your last ${turns} turns were the same and brought nothing new. Repeating them will change nothing: try another way, or answer with what you have and say what is missing.`,
      }
    : null

/** Why the attempt ends, or null while it may go on. */
export const standstillFailure = (turns: number): Failure | null =>
  turns < STANDSTILL_LIMIT
    ? null
    : {
        code: 'no_progress',
        message: `the last ${turns} turns were the same and brought nothing new; the model was told so after ${STANDSTILL_TURNS}`,
      }

/** Null where there is nothing to compare. */
type Trace = Readonly<{ calls: string | null; text: string | null }>

function traceOf(turn: Extract<Message, { role: 'assistant' }>, answer: Message | undefined): Trace {
  const asked = replyToolCalls(turn).map((part) => [part.name, inKeyOrder(part.arguments)])
  const results = (answer?.content ?? []).flatMap((part) =>
    part.type === 'tool_result' ? [[part.content, part.isError ?? false]] : [],
  )
  const text = replyText(turn).trim()
  const telling = text !== '' && (asked.length === 0 || text.length >= REPEATED_TEXT_CHARS)
  return { calls: asked.length === 0 ? null : JSON.stringify([asked, results]), text: telling ? text : null }
}

/** The record does not keep the order of keys, so that a resumed conversation has another. */
function inKeyOrder(value: Json): Json {
  if (Array.isArray(value)) return value.map(inKeyOrder)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, inKeyOrder(item)] as const)
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function alikeAtEnd(traces: readonly (string | null)[]): number {
  const last = traces.at(-1)
  if (last === undefined || last === null) return 0
  const other = traces.findLastIndex((trace) => trace !== last)
  return traces.length - 1 - other
}
