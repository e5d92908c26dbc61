import type OpenAI from 'openai'
import type { AssistantMessage, ModelRequest, UserMessage } from '../port.ts'
import type { ChatDialect } from './chat-dialect.ts'
import { sendableParts, splitUserContent, systemWithSchema } from './conversation.ts'

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
    ...(temperature !== undefined && dialect.temperature && { temperature }),
    ...(responseSchema && formatParam(responseSchema, dialect)),
  }
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
  const { results, texts } = splitUserContent(message)
  const answers = results.map((result) => ({
    role: 'tool' as const,
    tool_call_id: result.callId,
    content: result.isError ? `The tool failed: ${result.content}` : result.content,
  }))
  const content = texts.map(({ text }) => text).join('\n\n')
  return content === '' ? answers : [...answers, { role: 'user', content }]
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
