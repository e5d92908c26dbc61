import type { JsonObject } from '@flotilla/domain'
import type {
  AssistantMessage,
  ModelRequest,
  ProviderName,
  ReasoningPart,
  ReplyPart,
  TextPart,
  ToolResultPart,
  UserMessage,
} from '../port.ts'

/** Tool results come first: both wire formats want them directly after the calls that they answer. */
export function splitUserContent(message: UserMessage): { results: ToolResultPart[]; texts: TextPart[] } {
  return {
    results: message.content.filter((part) => part.type === 'tool_result'),
    texts: message.content.filter((part) => part.type === 'text' && part.text !== '') as TextPart[],
  }
}

/** The parts that may go back to this provider and model: others' reasoning and empty texts are refused by servers. */
export function sendableParts(message: AssistantMessage, provider: ProviderName, model: string): ReplyPart[] {
  return message.content.filter((part) => {
    if (part.type === 'text') return part.text !== ''
    return part.type !== 'reasoning' || isOwnReasoning(part, provider, model)
  })
}

const isOwnReasoning = (part: ReasoningPart, provider: ProviderName, model: string): boolean =>
  part.provider === provider && part.model === model

/** For servers that cannot be held to a schema: it is asked for in words, and the reply is checked all the same. */
export function schemaInstruction(responseSchema: NonNullable<ModelRequest['responseSchema']>): string {
  return [
    'Answer with one JSON value and nothing else: no code fence, no words before or after it.',
    `It has to be valid against this JSON Schema ("${responseSchema.name}"):`,
    JSON.stringify(responseSchema.schema),
  ].join('\n')
}

export const systemWithSchema = (request: ModelRequest): string =>
  [request.system, request.responseSchema && schemaInstruction(request.responseSchema)].filter(Boolean).join('\n\n')

export type ArgumentsResult = { ok: true; value: JsonObject } | { ok: false; raw: string }

/**
 * Arguments of a tool call as the model wrote them; none at all are an empty object. Not repaired: mending the brackets
 * of a call that was cut short would run a tool with half of its arguments.
 */
export function parseToolArguments(raw: string): ArgumentsResult {
  if (raw.trim() === '') return { ok: true, value: {} }
  try {
    const value: unknown = JSON.parse(raw)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { ok: true, value: value as JsonObject }
    }
  } catch {
    // Falls through: whatever is no JSON object is malformed.
  }
  return { ok: false, raw }
}
