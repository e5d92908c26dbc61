import type { JsonObject } from '@flotilla/domain'
import type OpenAI from 'openai'
import { isStrictSchema } from '../json-schema.ts'
import { nearestEffort, openAIEfforts, takesCacheBreakpoints } from '../model-abilities.ts'
import type { AssistantMessage, MediaPart, ModelRequest, TextPart, UserMessage } from '../port.ts'
import { dataUrl, namedText, sendableParts, splitUserContent } from './conversation.ts'

type Params = OpenAI.Responses.ResponseCreateParamsStreaming
type Item = OpenAI.Responses.ResponseInputItem

/** Reasoning models, which are all since gpt-5 and the o series, answer a temperature with 400. */
const acceptsTemperature = (model: string): boolean => /^(gpt-[34]|chatgpt-4)/.test(model)

/**
 * Nothing is stored at the provider: the whole conversation goes along, its encrypted reasoning included. Where the
 * model caches at marked places only, the system prompt is sent as a message: `instructions` take no mark.
 */
export function responsesParams(request: ModelRequest): Params {
  const { tools = [], temperature, responseSchema, cacheKey } = request
  const marks = cacheKey !== undefined && takesCacheBreakpoints(request.model)
  const effort = effortParam(request)
  return {
    model: request.model,
    ...(marks ? {} : { instructions: request.system }),
    input: [
      ...(marks && request.system !== '' ? [systemItem(request.system)] : []),
      ...request.messages.flatMap((message) => inputItems(message, request.model, marks)),
    ],
    max_output_tokens: request.maxOutputTokens,
    store: false,
    stream: true,
    ...(openAIEfforts(request.model).length > 0 && { include: ['reasoning.encrypted_content' as const] }),
    ...(tools.length > 0 && { tools: tools.map(toolParam) }),
    ...(tools.length > 0 && request.parallelToolCalls === false && { parallel_tool_calls: false }),
    ...(effort && { reasoning: { effort } }),
    ...(temperature !== undefined && acceptsTemperature(request.model) && { temperature }),
    ...(responseSchema && { text: { format: formatParam(responseSchema) } }),
    ...(cacheKey !== undefined && { prompt_cache_key: cacheKey }),
  }
}

/** These models take levels, no budget. */
function effortParam({ reasoning, model }: ModelRequest): OpenAI.ReasoningEffort | undefined {
  return reasoning?.effort && nearestEffort(reasoning.effort, openAIEfforts(model))
}

const MARK = { prompt_cache_breakpoint: { mode: 'explicit' as const } }

const systemItem = (text: string): Item => ({
  type: 'message',
  role: 'developer',
  content: [{ type: 'input_text', text, ...MARK }],
})

const toolParam = (tool: { name: string; description: string; parameters: JsonObject }): OpenAI.Responses.Tool => ({
  type: 'function',
  name: tool.name,
  description: tool.description,
  parameters: tool.parameters,
  strict: isStrictSchema(tool.parameters),
})

const formatParam = (
  responseSchema: NonNullable<ModelRequest['responseSchema']>,
): OpenAI.Responses.ResponseFormatTextJSONSchemaConfig => ({
  type: 'json_schema',
  name: responseSchema.name,
  schema: responseSchema.schema,
  strict: isStrictSchema(responseSchema.schema),
})

function inputItems(message: UserMessage | AssistantMessage, model: string, marks: boolean): Item[] {
  return message.role === 'user' ? userItems(message, marks) : assistantItems(message, model)
}

function userItems(message: UserMessage, marks: boolean): Item[] {
  const { results, said } = splitUserContent(message)
  const outputs = results.map((result) => ({
    type: 'function_call_output' as const,
    call_id: result.callId,
    output: result.isError ? `The tool failed: ${result.content}` : result.content,
  }))
  const content = said.map((part) => ({ ...contentOf(part), ...(marks && part.endsPrefix && MARK) }))
  return content.length === 0 ? outputs : [...outputs, { type: 'message', role: 'user', content }]
}

/** `high`: the detail that the estimate of tokens is made for. */
function contentOf(part: TextPart | MediaPart): OpenAI.Responses.ResponseInputContent {
  if (part.type === 'text') return { type: 'input_text', text: part.text }
  if (part.type === 'image') return { type: 'input_image', detail: 'high', image_url: dataUrl(part) }
  if (part.mediaType === 'text/plain') return { type: 'input_text', text: namedText(part) }
  return { type: 'input_file', filename: part.name, file_data: dataUrl(part) }
}

function assistantItems(message: AssistantMessage, model: string): Item[] {
  return sendableParts(message, 'openai', model).map((part) => {
    switch (part.type) {
      case 'text':
        return { type: 'message', role: 'assistant', content: part.text }
      case 'tool_call':
        return { type: 'function_call', call_id: part.id, name: part.name, arguments: JSON.stringify(part.arguments) }
      case 'reasoning':
        // Our own payload of an earlier reply: a finished reasoning item as it came.
        return part.payload as unknown as OpenAI.Responses.ResponseReasoningItem
    }
  })
}
