import type { JsonObject } from '@flotilla/domain'
import type OpenAI from 'openai'
import { isStrictSchema } from '../json-schema.ts'
import type { AssistantMessage, ModelRequest, UserMessage } from '../port.ts'
import { sendableParts, splitUserContent } from './conversation.ts'

type Params = OpenAI.Responses.ResponseCreateParamsStreaming
type Item = OpenAI.Responses.ResponseInputItem

/** Reasoning models, which are all since gpt-5 and the o series, answer a temperature with 400. */
const acceptsTemperature = (model: string): boolean => /^(gpt-[34]|chatgpt-4)/.test(model)

/** Nothing is stored at the provider: the whole conversation goes along, its encrypted reasoning included. */
export function responsesParams(request: ModelRequest): Params {
  const { tools = [], temperature, responseSchema, cacheKey } = request
  return {
    model: request.model,
    instructions: request.system,
    input: request.messages.flatMap((message) => inputItems(message, request.model)),
    max_output_tokens: request.maxOutputTokens,
    store: false,
    stream: true,
    ...(tools.length > 0 && { tools: tools.map(toolParam) }),
    ...(temperature !== undefined && acceptsTemperature(request.model) && { temperature }),
    ...(responseSchema && { text: { format: formatParam(responseSchema) } }),
    ...(cacheKey !== undefined && { prompt_cache_key: cacheKey }),
  }
}

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

function inputItems(message: UserMessage | AssistantMessage, model: string): Item[] {
  return message.role === 'user' ? userItems(message) : assistantItems(message, model)
}

function userItems(message: UserMessage): Item[] {
  const { results, texts } = splitUserContent(message)
  const outputs = results.map((result) => ({
    type: 'function_call_output' as const,
    call_id: result.callId,
    output: result.isError ? `The tool failed: ${result.content}` : result.content,
  }))
  const content = texts.map(({ text }) => ({ type: 'input_text' as const, text }))
  return content.length === 0 ? outputs : [...outputs, { type: 'message', role: 'user', content }]
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
