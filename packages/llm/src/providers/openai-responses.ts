import type { ModelProvider } from '../port.ts'
import type { CallIdentity } from './failure.ts'
import { responsesParams } from './openai-responses-request.ts'
import { foldResponses } from './openai-responses-stream.ts'
import { loadOpenAI, openAIClient } from './openai-client.ts'
import { streamCall } from './stream-call.ts'

export type OpenAIOptions = { apiKey: string; baseURL?: string }

export const OPENAI_BASE_URL = 'https://api.openai.com/v1'

/** OpenAI's Responses API through its SDK, always streamed and never stored. */
export function createOpenAIResponsesProvider(options: OpenAIOptions): ModelProvider {
  const baseURL = options.baseURL ?? OPENAI_BASE_URL
  return {
    name: 'openai',
    simulated: false,
    load: loadOpenAI,
    call: async (request, callOptions) => {
      const who: CallIdentity = {
        provider: 'openai',
        model: request.model,
        keyVariable: 'OPENAI_API_KEY',
        address: baseURL,
        secrets: [options.apiKey],
      }
      return streamCall({
        who,
        request,
        options: callOptions,
        fold: foldResponses(who),
        open: async (connection) => {
          const client = await openAIClient({ apiKey: options.apiKey, baseURL }, connection.fetch)
          return client.responses.create(responsesParams(request), { signal: connection.signal })
        },
      })
    },
  }
}
