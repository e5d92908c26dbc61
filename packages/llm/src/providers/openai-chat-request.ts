import type OpenAI from 'openai'
import { nearestEffort, openAIEfforts } from '../model-abilities.ts'
import type { AssistantMessage, MediaPart, ModelRequest, TextPart, UserMessage } from '../port.ts'
import type { ChatDialect } from './chat-dialect.ts'
import { dataUrl, namedText, sendableParts, splitUserContent, systemWithSchema } from './conversation.ts'

type Params = OpenAI.Chat.ChatCompletionCreateParamsStreaming
type MessageParam = OpenAI.Chat.ChatCompletionMessageParam

export function chatParams(request: ModelRequest, dialect: ChatDialect): Params {
  const { tools = [], temperature, responseSchema } = request
  const system = dialect.format === 'json_schema' ? request.system : systemWithSchema(request)
  return {
    model: request.model,
    stream: true,
    messages: [
      ...(system === '' ? [] : [{ role: 'system' as const, content: system }]),
      ...request.messages.flatMap((message) => messageParams(message, request.model)),
    ],
    [dialect.lengthField]: request.maxOutputTokens,
    ...(dialect.usageInStream && { stream_options: { include_usage: true } }),
    ...(tools.length > 0 && { tools: tools.map(toolParam) }),
    ...(tools.length > 0 && request.parallelToolCalls === false && dialect.parallel && { parallel_tool_calls: false }),
    ...(dialect.effort && effortParam(request)),
    ...(dialect.cacheKey && request.cacheKey !== undefined && { prompt_cache_key: request.cacheKey }),
    ...(temperature !== undefined && dialect.temperature && { temperature }),
    ...(responseSchema && formatParam(responseSchema, dialect)),
  }
}

/** Names of OpenAI's models tell what they take; other servers are sent the level as it is. */
function effortParam({ reasoning, model }: ModelRequest): Pick<Params, 'reasoning_effort'> {
  if (reasoning?.effort === undefined) return {}
  const known = /^(gpt-|chatgpt-|o\d)/.test(model)
  const effort = known ? nearestEffort(reasoning.effort, openAIEfforts(model)) : reasoning.effort
  return effort === undefined ? {} : { reasoning_effort: effort }
}

const toolParam = (tool: NonNullable<ModelRequest['tools']>[number]): OpenAI.Chat.ChatCompletionTool => ({
  type: 'function',
  function: { name: tool.name, description: tool.description, parameters: tool.parameters },
})

function formatParam(
  responseSchema: NonNullable<ModelRequest['responseSchema']>,
  dialect: ChatDialect,
): Pick<Params, 'response_format'> {
  if (dialect.format === 'words') return {}
  if (dialect.format === 'json_object') return { response_format: { type: 'json_object' } }
  return {
    response_format: { type: 'json_schema', json_schema: { name: responseSchema.name, schema: responseSchema.schema } },
  }
}

function messageParams(message: UserMessage | AssistantMessage, model: string): MessageParam[] {
  return message.role === 'user' ? userParams(message) : assistantParams(message, model)
}

function userParams(message: UserMessage): MessageParam[] {
  const { results, said } = splitUserContent(message)
  const answers = results.map((result) => ({
    role: 'tool' as const,
    tool_call_id: result.callId,
    content: result.isError ? `The tool failed: ${result.content}` : result.content,
  }))
  return said.length === 0 ? answers : [...answers, { role: 'user', content: contentOf(said) }]
}

/** One string where there is only text: many servers take no lists of text parts. */
function contentOf(said: readonly (TextPart | MediaPart)[]): string | OpenAI.Chat.ChatCompletionContentPart[] {
  const parts = said.map(contentPart)
  const texts = parts.filter((part) => part.type === 'text').map(({ text }) => text)
  return texts.length === parts.length ? texts.join('\n\n') : parts
}

function contentPart(part: TextPart | MediaPart): OpenAI.Chat.ChatCompletionContentPart {
  if (part.type === 'text') return { type: 'text', text: part.text }
  if (part.type === 'image') return { type: 'image_url', image_url: { url: dataUrl(part), detail: 'high' } }
  if (part.mediaType === 'text/plain') return { type: 'text', text: namedText(part) }
  return { type: 'file', file: { filename: part.name, file_data: dataUrl(part) } }
}

/** One string and one list of calls: many servers take neither lists of text parts nor an empty text beside calls. */
function assistantParams(message: AssistantMessage, model: string): MessageParam[] {
  const parts = sendableParts(message, 'openai-compatible', model)
  const content = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  const calls = parts
    .filter((part) => part.type === 'tool_call')
    .map((call) => ({
      id: call.id,
      type: 'function' as const,
      function: { name: call.name, arguments: JSON.stringify(call.arguments) },
    }))
  if (content === '' && calls.length === 0) return []
  return [
    { role: 'assistant', content: content === '' ? null : content, ...(calls.length > 0 && { tool_calls: calls }) },
  ]
}
