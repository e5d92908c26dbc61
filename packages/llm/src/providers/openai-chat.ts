import type OpenAI from 'openai'
import type { ModelProvider, ModelRequest } from '../port.ts'
import { FULL_DIALECT, simplerDialect, type ChatDialect } from './chat-dialect.ts'
import type { CallIdentity } from './failure.ts'
import { chatParams } from './openai-chat-request.ts'
import { foldChat } from './openai-chat-stream.ts'
import { requestOptions } from './call-fetch.ts'
import { createOpenAIClient, loadOpenAI } from './openai-client.ts'
import { streamCall, type Connection } from './stream-call.ts'

export type OpenAIChatOptions = {
  baseURL: string
  /** Local servers need none. */
  apiKey?: string
}

/** Chat Completions of any server with an OpenAI-compatible API (Ollama, vLLM, llama.cpp, gateways), streamed. */
export function createOpenAIChatProvider(options: OpenAIChatOptions): ModelProvider {
  const learnt: Dialects = new Map()
  const server = { apiKey: options.apiKey ?? 'none', baseURL: options.baseURL }
  let client: Promise<OpenAI> | undefined
  return {
    name: 'openai-compatible',
    simulated: false,
    load: loadOpenAI,
    call: async (request, callOptions) => {
      const who: CallIdentity = {
        provider: 'openai-compatible',
        model: request.model,
        keyVariable: 'OPENAI_API_KEY',
        address: options.baseURL,
        secrets: options.apiKey === undefined ? [] : [options.apiKey],
      }
      return streamCall({
        who,
        request,
        options: callOptions,
        fold: foldChat(who, request),
        open: async (connection) => open(await (client ??= createOpenAIClient(server)), learnt, request, connection),
      })
    },
  }
}

/** By model, since a gateway serves several kinds. */
type Dialects = Map<string, ChatDialect>

/** Asks again without what the server refused; each step takes something away, so this ends. */
async function open(
  client: OpenAI,
  learnt: Dialects,
  request: ModelRequest,
  connection: Connection,
): Promise<AsyncIterable<OpenAI.Chat.ChatCompletionChunk>> {
  for (;;) {
    const dialect = learnt.get(request.model) ?? FULL_DIALECT
    try {
      return await client.chat.completions.create(chatParams(request, dialect), requestOptions(connection))
    } catch (error) {
      const { status, message } = error as { status?: number; message?: string }
      const simpler = simplerDialect(dialect, status ?? 0, message ?? '')
      if (!simpler) throw error
      learnt.set(request.model, simpler)
    }
  }
}
