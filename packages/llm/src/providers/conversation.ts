import type { JsonObject } from '@flotilla/domain'
import { documentText, mediaData } from '../media.ts'
import type {
  AssistantMessage,
  DocumentPart,
  MediaPart,
  ModelRequest,
  ProviderName,
  ReasoningPart,
  ReplyPart,
  TextPart,
  ToolResultPart,
  UserMessage,
} from '../port.ts'

/** Tool results come first: both wire formats want them directly after the calls that they answer. */
export function splitUserContent(message: UserMessage): { results: ToolResultPart[]; said: (TextPart | MediaPart)[] } {
  const results: ToolResultPart[] = []
  const said: (TextPart | MediaPart)[] = []
  for (const part of message.content) {
    if (part.type === 'tool_result') results.push(part)
    else if (part.type !== 'text' || part.text !== '') said.push(part)
  }
  return { results, said }
}

/** For wire formats that have no documents of plain text. */
export const namedText = (part: DocumentPart): string => `${part.name}:\n\n${documentText(part)}`

export const dataUrl = (part: MediaPart): string => `data:${part.mediaType};base64,${mediaData(part)}`

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
