import { createHash } from 'node:crypto'
import type { Lane } from './gate/gate-state.ts'
import { formatModelName, parseModelName, type ModelName, type Result } from './model-name.ts'
import type { ModelProvider } from './port.ts'
import { sharePrefix } from './prefix/share-prefix.ts'
import { createAnthropicProvider } from './providers/anthropic.ts'
import { createOpenAIChatProvider } from './providers/openai-chat.ts'
import { createOpenAIResponsesProvider } from './providers/openai-responses.ts'
import { loadTokenizer } from './tokens.ts'

export type ModelRegistryOptions = {
  anthropic?: { apiKey: string; baseURL?: string }
  /** `baseURL` is where `compatible:` models are; such a server may need no key. */
  openai?: { apiKey?: string; baseURL?: string }
  offline: ModelProvider
  /** Further providers by the prefix that names them, such as `scripted` or `noop`. */
  extra?: Record<string, ModelProvider>
  /** As written in configuration; chosen by the keys at hand where it is left out. */
  model?: string
  /** For small work: analysis, compaction, simple judgements. */
  utilityModel?: string
}

/** `lane` is whose quota its calls draw on; the key is named by a digest. */
export type ResolvedModel = { provider: ModelProvider; model: string; ref: string; lane: Lane }

export type ModelRegistry = {
  /** The provider of a model reference and its name there; without one, the default model. */
  resolve(modelRef?: string): Result<ResolvedModel>
  defaultModel: string
  utilityModel: string
  /** What is configured wrong about the two models, one message each; empty when both resolve. */
  problems(): string[]
  /** Loads what calls of the two models and the counting of tokens need: at the first call it would hold up the whole process. */
  load(): Promise<void>
  describe(): ModelRegistryDescription
}

export type ModelRegistryDescription = {
  defaultModel: string
  utilityModel: string
  /** The default model makes its answers up. */
  simulated: boolean
  providers: { prefix: string; available: boolean; simulated: boolean; why?: string }[]
}

/** Chosen where a key is set and no model is named: the balanced model of each provider, and its cheapest. */
const DEFAULTS = {
  anthropic: { model: 'anthropic:claude-sonnet-5-5', utility: 'anthropic:claude-haiku-5-5' },
  openai: { model: 'openai:gpt-6.1-sol', utility: 'openai:gpt-6-luna' },
} as const

type Slot = Result<Readonly<{ provider: ModelProvider; key: string }>>

export function createModelRegistry(options: ModelRegistryOptions): ModelRegistry {
  const slots = providerSlots(options)
  const defaultModel = canonical(options.model ?? pickDefault(options), slots)
  const utilityModel = canonical(options.utilityModel ?? pickUtility(defaultModel), slots)
  const resolve = (ref: string = defaultModel): Result<ResolvedModel> => resolveIn(slots, ref)
  return {
    resolve,
    defaultModel,
    utilityModel,
    problems: () => [
      ...unnamedServer(options),
      ...problem('FLOTILLA_MODEL', resolve(defaultModel)),
      ...(utilityModel === defaultModel ? [] : problem('FLOTILLA_UTILITY_MODEL', resolve(utilityModel))),
    ],
    load: async () => {
      loadTokenizer()
      for (const ref of new Set([defaultModel, utilityModel])) {
        const model = resolve(ref)
        if (model.ok) await model.value.provider.load?.()
      }
    },
    describe: () => describeRegistry(slots, defaultModel, utilityModel, resolve),
  }
}

function providerSlots(options: ModelRegistryOptions): ReadonlyMap<string, Slot> {
  const { anthropic, openai } = options
  const slots = new Map<string, Slot>()
  slots.set(
    'anthropic',
    anthropic?.apiKey
      ? made(sharePrefix(createAnthropicProvider(anthropic), CLOCK), anthropic.apiKey)
      : missing('ANTHROPIC_API_KEY'),
  )
  const { apiKey, baseURL } = openai ?? {}
  slots.set(
    'openai',
    apiKey
      ? made(sharePrefix(createOpenAIResponsesProvider({ apiKey, ...(baseURL && { baseURL }) }), CLOCK), apiKey)
      : missing('OPENAI_API_KEY'),
  )
  slots.set(
    'compatible',
    baseURL
      ? made(createOpenAIChatProvider({ baseURL, ...(apiKey && { apiKey }) }), apiKey)
      : missing('OPENAI_BASE_URL'),
  )
  slots.set('offline', made(options.offline))
  for (const [prefix, provider] of Object.entries(options.extra ?? {})) slots.set(prefix, made(provider))
  return slots
}

/** The first call of a run's tasks that share a prompt's beginning writes the provider's cache, the others read it. */
const CLOCK = { now: Date.now }

const made = (provider: ModelProvider, apiKey?: string): Slot => ({
  ok: true,
  value: { provider, key: keyName(apiKey) },
})

/** Tells keys apart in the record and says nothing of them. */
const keyName = (apiKey: string | undefined): string =>
  apiKey ? createHash('sha256').update(apiKey).digest('hex').slice(0, 8) : 'none'

const missing = (variable: string): Slot => ({ ok: false, message: `${variable} is not set` })

function resolveIn(slots: ReadonlyMap<string, Slot>, ref: string): Result<ResolvedModel> {
  const name = parseModelName(ref, [...slots.keys()])
  if (!name.ok) return name
  const slot = slots.get(name.value.provider)
  const full = formatModelName(name.value)
  if (!slot) return { ok: false, message: `the model ${full} is only for tests and benchmarks and is not set up here` }
  if (slot.ok) {
    const { provider, key } = slot.value
    return { ok: true, value: { provider, model: name.value.model, ref: full, lane: { ...name.value, key } } }
  }
  return { ok: false, message: `the model ${full} cannot be used: ${slot.message}; ${remedy(name.value)}` }
}

function remedy(name: ModelName): string {
  switch (name.provider) {
    case 'anthropic':
      return 'set ANTHROPIC_API_KEY, or choose another model with FLOTILLA_MODEL'
    case 'openai':
      return 'set OPENAI_API_KEY, or choose another model with FLOTILLA_MODEL'
    default:
      return 'set OPENAI_BASE_URL to the address of the server, such as http://127.0.0.1:11434/v1'
  }
}

function pickDefault(options: ModelRegistryOptions): string {
  if (options.anthropic?.apiKey) return DEFAULTS.anthropic.model
  if (options.openai?.apiKey && !options.openai.baseURL) return DEFAULTS.openai.model
  return 'offline:default'
}

/** The utility model of the same provider, so that one key is enough; other providers have one model for both. */
function pickUtility(defaultModel: string): string {
  if (defaultModel.startsWith('anthropic:')) return DEFAULTS.anthropic.utility
  if (defaultModel.startsWith('openai:')) return DEFAULTS.openai.utility
  return defaultModel
}

/** A server is given and nothing says which of its models to use: answering offline without a word would mislead. */
function unnamedServer(options: ModelRegistryOptions): string[] {
  if (!options.openai?.baseURL || options.model !== undefined || options.anthropic?.apiKey) return []
  return ['OPENAI_BASE_URL is set, but no model of that server is chosen: set FLOTILLA_MODEL=compatible:<model>']
}

const problem = (variable: string, result: Result<ResolvedModel>): string[] =>
  result.ok ? [] : [`${variable}: ${result.message}`]

function canonical(ref: string, slots: ReadonlyMap<string, Slot>): string {
  const name = parseModelName(ref, [...slots.keys()])
  return name.ok ? formatModelName(name.value) : ref
}

function describeRegistry(
  slots: ReadonlyMap<string, Slot>,
  defaultModel: string,
  utilityModel: string,
  resolve: (ref: string) => Result<ResolvedModel>,
): ModelRegistryDescription {
  const chosen = resolve(defaultModel)
  return {
    defaultModel,
    utilityModel,
    simulated: chosen.ok && chosen.value.provider.simulated,
    providers: [...slots].map(([prefix, slot]) =>
      slot.ok
        ? { prefix, available: true, simulated: slot.value.provider.simulated }
        : { prefix, available: false, simulated: false, why: slot.message },
    ),
  }
}
