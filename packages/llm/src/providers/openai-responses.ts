import type OpenAI from 'openai'
import type { ModelProvider } from '../port.ts'
import { requestOptions } from './call-fetch.ts'
import type { CallIdentity } from './failure.ts'
import { responsesParams } from './openai-responses-request.ts'
import { foldResponses } from './openai-responses-stream.ts'
import { createOpenAIClient, loadOpenAI } from './openai-client.ts'
import { streamCall } from './stream-call.ts'

export type OpenAIOptions = { apiKey: string; baseURL?: string }

export const OPENAI_BASE_URL = 'https://api.openai.com/v1'

/** OpenAI's Responses API through its SDK, always streamed and never stored. */
export function createOpenAIResponsesProvider(options: OpenAIOptions): ModelProvider {
  const baseURL = options.baseURL ?? OPENAI_BASE_URL
  let client: Promise<OpenAI> | undefined
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
          const shared = await (client ??= createOpenAIClient({ apiKey: options.apiKey, baseURL }))
          return shared.responses.create(responsesParams(request), requestOptions(connection))
        },
      })
    },
  }
}
