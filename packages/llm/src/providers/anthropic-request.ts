import type Anthropic from '@anthropic-ai/sdk'
import type { JsonObject } from '@flotilla/domain'
import type { AssistantMessage, ModelRequest, UserMessage } from '../port.ts'
import { sendableParts, splitUserContent, systemWithSchema } from './conversation.ts'

type Params = Anthropic.MessageCreateParamsStreaming

/** How a reply is held to a schema: by the API, or by words in the system prompt. */
export type SchemaMode = 'format' | 'words'

const CACHED = { type: 'ephemeral' } as const

/** Models up to 4.6, the last that take a temperature; newer and unknown ones answer it with 400. */
const acceptsTemperature = (model: string): boolean =>
  /^claude-(3|(opus|sonnet)-4(-[0-6])?(-\d{8})?$|haiku-4)/.test(model)

/** Structured output came with the 4.5 models. */
const acceptsFormat = (model: string): boolean => !/^claude-(2|3|instant|(opus|sonnet)-4(-[01])?(-\d{8})?$)/.test(model)

/** `format` is the schema as the API takes it, where it can take it. */
export function schemaModeOf(request: ModelRequest, format: JsonObject | undefined): SchemaMode {
  return request.responseSchema && format && acceptsFormat(request.model) ? 'format' : 'words'
}

/**
 * The prompt is cached up to three points, each a prefix of the next: the tools, the system prompt, and, once a
 * conversation goes on, its latest message, since every turn of a tool loop sends the whole of it again.
 */
export function anthropicParams(request: ModelRequest, mode: SchemaMode, format: JsonObject | undefined): Params {
  const system = mode === 'words' ? systemWithSchema(request) : request.system
  const { tools = [], temperature, responseSchema } = request
  return {
    model: request.model,
    max_tokens: request.maxOutputTokens,
    stream: true,
    messages: cacheLatest(request.messages.flatMap((message) => messageParam(message, request.model))),
    ...(system !== '' && { system: [{ type: 'text' as const, text: system, cache_control: CACHED }] }),
    ...(tools.length > 0 && { tools: toolParams(tools) }),
    ...(temperature !== undefined && acceptsTemperature(request.model) && { temperature }),
    ...(responseSchema &&
      mode === 'format' &&
      format && {
        output_config: { format: { type: 'json_schema' as const, schema: format } },
      }),
  }
}

function toolParams(tools: NonNullable<ModelRequest['tools']>): Anthropic.Tool[] {
  return tools.map((tool, index) => ({
    name: tool.name,
    description: tool.description,
    input_schema: { ...tool.parameters, type: 'object' as const },
    ...(index === tools.length - 1 && { cache_control: CACHED }),
  }))
}

function messageParam(message: UserMessage | AssistantMessage, model: string): Anthropic.MessageParam[] {
  const content = message.role === 'user' ? userBlocks(message) : assistantBlocks(message, model)
  return content.length === 0 ? [] : [{ role: message.role, content }]
}

function userBlocks(message: UserMessage): Anthropic.ContentBlockParam[] {
  const { results, texts } = splitUserContent(message)
  return [
    ...results.map((result) => ({
      type: 'tool_result' as const,
      tool_use_id: result.callId,
      content: result.content,
      ...(result.isError && { is_error: true }),
    })),
    ...texts.map(({ text }) => ({ type: 'text' as const, text })),
  ]
}

function assistantBlocks(message: AssistantMessage, model: string): Anthropic.ContentBlockParam[] {
  return sendableParts(message, 'anthropic', model).map((part) => {
    switch (part.type) {
      case 'text':
        return { type: 'text', text: part.text }
      case 'tool_call':
        return { type: 'tool_use', id: part.id, name: part.name, input: part.arguments }
      case 'reasoning':
        // Our own payload of an earlier reply: a thinking or redacted_thinking block as it came.
        return part.payload as unknown as Anthropic.ThinkingBlockParam | Anthropic.RedactedThinkingBlockParam
    }
  })
}

function cacheLatest(messages: Anthropic.MessageParam[]): Anthropic.MessageParam[] {
  const latest = messages.at(-1)
  if (messages.length < 2 || latest?.role !== 'user' || !Array.isArray(latest.content)) return messages
  const block = latest.content.at(-1)
  if (block?.type !== 'text' && block?.type !== 'tool_result') return messages
  const content = [...latest.content.slice(0, -1), { ...block, cache_control: CACHED }]
  return [...messages.slice(0, -1), { role: 'user', content }]
}
