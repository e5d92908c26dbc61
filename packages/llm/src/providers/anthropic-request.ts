import type Anthropic from '@anthropic-ai/sdk'
import type { JsonObject } from '@flotilla/domain'
import { documentText, mediaData } from '../media.ts'
import type { AssistantMessage, MediaPart, ModelRequest, TextPart, UserMessage } from '../port.ts'
import { placeBreakpoints, type Block } from './anthropic-cache.ts'
import { thinkingParams } from './anthropic-thinking.ts'
import { sendableParts, splitUserContent, systemWithSchema } from './conversation.ts'

type Params = Anthropic.MessageCreateParamsStreaming

/** How a reply is held to a schema: by the API, or by words in the system prompt. */
export type SchemaMode = 'format' | 'words'

/** Models up to 4.6, the last that take a temperature; newer and unknown ones answer it with 400. */
const acceptsTemperature = (model: string): boolean =>
  /^claude-(3|(opus|sonnet)-4(-[0-6])?(-\d{8})?$|haiku-4)/.test(model)

/** Structured output came with the 4.5 models. */
const acceptsFormat = (model: string): boolean => !/^claude-(2|3|instant|(opus|sonnet)-4(-[01])?(-\d{8})?$)/.test(model)

/** `format` is the schema as the API takes it, where it can take it. */
export function schemaModeOf(request: ModelRequest, format: JsonObject | undefined): SchemaMode {
  return request.responseSchema && format && acceptsFormat(request.model) ? 'format' : 'words'
}

export function anthropicParams(request: ModelRequest, mode: SchemaMode, format: JsonObject | undefined): Params {
  const system = mode === 'words' ? systemWithSchema(request) : request.system
  const { tools = [], temperature, responseSchema } = request
  const prefixEnds = new Set<object>()
  const prompt = placeBreakpoints({
    tools: toolParams(tools),
    system: system === '' ? [] : [{ type: 'text', text: system }],
    messages: request.messages.flatMap((message) => messageParam(message, request.model, prefixEnds)),
    prefixEnds,
  })
  const { thinking, effort } = thinkingParams(request)
  const schema =
    responseSchema && mode === 'format' && format ? { type: 'json_schema' as const, schema: format } : undefined
  const sampled = temperature !== undefined && acceptsTemperature(request.model) && thinking?.type !== 'enabled'
  return {
    model: request.model,
    max_tokens: request.maxOutputTokens,
    stream: true,
    ...prompt,
    ...(tools.length > 0 &&
      request.parallelToolCalls === false && {
        tool_choice: { type: 'auto' as const, disable_parallel_tool_use: true },
      }),
    ...(sampled && { temperature }),
    ...(thinking && { thinking }),
    ...((schema || effort) && { output_config: { ...(effort && { effort }), ...(schema && { format: schema }) } }),
  }
}

function toolParams(tools: NonNullable<ModelRequest['tools']>): Anthropic.Tool[] {
  return tools.map((tool) => ({
    name: tool.name,
    description: tool.description,
    input_schema: { ...tool.parameters, type: 'object' as const },
  }))
}

function messageParam(
  message: UserMessage | AssistantMessage,
  model: string,
  prefixEnds: Set<object>,
): Anthropic.MessageParam[] {
  const content = message.role === 'user' ? userBlocks(message, prefixEnds) : assistantBlocks(message, model)
  return content.length === 0 ? [] : [{ role: message.role, content }]
}

function userBlocks(message: UserMessage, prefixEnds: Set<object>): Anthropic.ContentBlockParam[] {
  const { results, said } = splitUserContent(message)
  const answers = results.map((result) => ({
    type: 'tool_result' as const,
    tool_use_id: result.callId,
    content: result.content,
    ...(result.isError && { is_error: true }),
  }))
  const blocks = said.map((part) => {
    const block = saidBlock(part)
    if (part.endsPrefix) prefixEnds.add(block)
    return block
  })
  return [...answers, ...blocks]
}

function saidBlock(part: TextPart | MediaPart): Block {
  if (part.type === 'text') return { type: 'text', text: part.text }
  const data = mediaData(part)
  if (part.type === 'image') {
    const media_type = part.mediaType as Anthropic.Base64ImageSource['media_type']
    return { type: 'image', source: { type: 'base64', media_type, data } }
  }
  const source =
    part.mediaType === 'text/plain'
      ? { type: 'text' as const, media_type: 'text/plain' as const, data: documentText(part) }
      : { type: 'base64' as const, media_type: 'application/pdf' as const, data }
  return { type: 'document', title: part.name, source }
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
