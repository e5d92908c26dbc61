import type Anthropic from '@anthropic-ai/sdk'
import type { JsonObject } from '@flotilla/domain'
import type { ModelProvider, ModelRequest } from '../port.ts'
import { anthropicParams, schemaModeOf, type SchemaMode } from './anthropic-request.ts'
import { foldAnthropic } from './anthropic-stream.ts'
import { requestOptions, sharedFetch } from './call-fetch.ts'
import type { CallIdentity } from './failure.ts'
import { streamCall, type Connection } from './stream-call.ts'

export type AnthropicOptions = { apiKey: string; baseURL?: string }

const DEFAULT_BASE_URL = 'https://api.anthropic.com'

/** Anthropic's Messages API through its SDK, always streamed. The SDK neither retries nor reads the environment. */
export function createAnthropicProvider(options: AnthropicOptions): ModelProvider {
  const baseURL = options.baseURL ?? DEFAULT_BASE_URL
  let client: Promise<Anthropic> | undefined
  return {
    name: 'anthropic',
    simulated: false,
    load: async () => void (await loadSdk()),
    call: async (request, callOptions) => {
      const who: CallIdentity = {
        provider: 'anthropic',
        model: request.model,
        keyVariable: 'ANTHROPIC_API_KEY',
        address: baseURL,
        secrets: [options.apiKey],
      }
      return streamCall({
        who,
        request,
        options: callOptions,
        fold: foldAnthropic(who),
        open: async (connection) =>
          open(await (client ??= createClient({ apiKey: options.apiKey, baseURL })), request, connection),
      })
    },
  }
}

type Events = AsyncIterable<Anthropic.RawMessageStreamEvent>

/** It costs 280 ms to load, which a process without a key never pays. */
const loadSdk = () => import('@anthropic-ai/sdk')

/** One for all calls: of 2,000 that are open, each would keep the SDK's hundred resources alive. */
async function createClient(server: { apiKey: string; baseURL: string }): Promise<Anthropic> {
  const { default: Client } = await loadSdk()
  return new Client({ ...server, maxRetries: 0, logLevel: 'off', fetch: sharedFetch })
}

async function open(client: Anthropic, request: ModelRequest, connection: Connection): Promise<Events> {
  const { BadRequestError } = await loadSdk()
  const format = request.responseSchema && (await apiSchema(request.responseSchema.schema))
  const send = async (mode: SchemaMode): Promise<Events> =>
    client.messages.create(anthropicParams(request, mode, format), requestOptions(connection))
  const mode = schemaModeOf(request, format)
  try {
    return await send(mode)
  } catch (error) {
    // Some schemas are beyond the API's limits on size, unions or optional fields, which only the server knows.
    if (mode === 'format' && error instanceof BadRequestError && /schema|output_config/i.test(error.message)) {
      return send('words')
    }
    throw error
  }
}

/**
 * The schema in the API's dialect: objects closed, unsupported keywords told in the description. Undefined where that
 * would change what fits: an object with free keys could only stay empty.
 */
async function apiSchema(schema: JsonObject): Promise<JsonObject | undefined> {
  if (hasFreeKeys(schema)) return undefined
  const { transformJSONSchema } = await import('@anthropic-ai/sdk/lib/transform-json-schema')
  try {
    return transformJSONSchema(schema)
  } catch {
    return undefined
  }
}

function hasFreeKeys(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false
  const { type, properties, additionalProperties } = node as Record<string, unknown>
  const isOpen = typeof additionalProperties === 'object' || additionalProperties === true
  if (type === 'object' && (isOpen || properties === undefined)) return true
  return Object.values(node).some(hasFreeKeys)
}
