import type { ModelProvider } from '@flotilla/llm'
import type { ModelSettings } from './config.ts'

export type ChosenModels = Readonly<{
  model: string
  utilityModel: string
  /** The built-in offline model answers: no language model runs. */
  simulated: boolean
  /** What is configured wrong, one message each. */
  problems: readonly string[]
}>

/** Which models the settings choose; nothing is called. Loads the providers, which takes a moment. */
export async function chooseModels(settings: ModelSettings): Promise<ChosenModels> {
  const { createModelRegistry } = await import('@flotilla/llm')
  const { anthropicApiKey, anthropicBaseUrl, openaiApiKey, openaiBaseUrl, model, utilityModel } = settings
  const registry = createModelRegistry({
    offline: uncalled,
    extra: { noop: uncalled },
    ...(anthropicApiKey === undefined
      ? {}
      : {
          anthropic: {
            apiKey: anthropicApiKey,
            ...(anthropicBaseUrl === undefined ? {} : { baseURL: anthropicBaseUrl }),
          },
        }),
    ...(openaiApiKey === undefined && openaiBaseUrl === undefined
      ? {}
      : {
          openai: {
            ...(openaiApiKey === undefined ? {} : { apiKey: openaiApiKey }),
            ...(openaiBaseUrl === undefined ? {} : { baseURL: openaiBaseUrl }),
          },
        }),
    ...(model === undefined ? {} : { model }),
    ...(utilityModel === undefined ? {} : { utilityModel }),
  })
  const { defaultModel, simulated } = registry.describe()
  return { model: defaultModel, utilityModel: registry.utilityModel, simulated, problems: registry.problems() }
}

const uncalled: ModelProvider = {
  name: 'offline',
  simulated: true,
  call: () => Promise.reject(new Error('this program only asks which models are chosen')),
}

/** Says plainly who will answer. */
export function modelLine({ model, utilityModel, simulated }: ChosenModels): string {
  if (!simulated) return `Model: ${model}${utilityModel === model ? '' : ` (${utilityModel} for small work)`}`
  if (!model.startsWith('offline')) return `Model: ${model}, simulated: for tests and benchmarks`
  return 'Model: offline, simulated. No language model runs: answers are put together from your documents. Set ANTHROPIC_API_KEY or OPENAI_API_KEY for real ones.'
}
