import type { Json } from '@flotilla/domain'
import * as v from 'valibot'

/** The record keeps requests, replies and contexts as they were at their time: what cannot be read is shown as it is. */

const ContextSchema = v.object({
  tokens: v.number(),
  tokenBudget: v.number(),
  sections: v.array(
    v.object({ name: v.string(), why: v.string(), tokens: v.number(), included: v.boolean(), cutTokens: v.number() }),
  ),
})
export type Context = v.InferOutput<typeof ContextSchema>

const BlockSchema = v.variant('type', [
  v.object({ type: v.literal('text'), text: v.string() }),
  v.object({ type: v.literal('tool_call'), id: v.string(), name: v.string(), arguments: v.unknown() }),
  v.object({ type: v.literal('tool_result'), name: v.string(), content: v.unknown() }),
])
export type Block = v.InferOutput<typeof BlockSchema>

const RequestSchema = v.object({
  system: v.optional(v.string()),
  messages: v.array(v.object({ role: v.string(), content: v.union([v.string(), v.array(v.unknown())]) })),
})
const ReplySchema = v.object({ content: v.array(v.unknown()) })

const read = <T>(schema: v.GenericSchema<unknown, T>, value: unknown): T | null => {
  const parsed = v.safeParse(schema, value)
  return parsed.success ? parsed.output : null
}

export const readContext = (value: Json | null): Context | null => read(ContextSchema, value)

export const readReply = (value: Json): Block[] | null => {
  const reply = read(ReplySchema, value)
  return reply && blocksOf(reply.content)
}

/** What was sent, a message each; null where it has another shape, as after the bodies of old runs were removed. */
export function readRequest(value: Json): Readonly<{ system: string | null; messages: readonly Message[] }> | null {
  const request = read(RequestSchema, value)
  if (request === null) return null
  const messages = request.messages.map(({ role, content }) => ({
    role,
    blocks: typeof content === 'string' ? [{ type: 'text' as const, text: content }] : blocksOf(content),
  }))
  return { system: request.system ?? null, messages }
}
export type Message = Readonly<{ role: string; blocks: readonly Block[] }>

/** A block of a kind that is not known here becomes its JSON. */
const blocksOf = (content: readonly unknown[]): Block[] =>
  content.map((block) => read(BlockSchema, block) ?? { type: 'text', text: JSON.stringify(block, null, 2) })
