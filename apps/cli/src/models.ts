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
  const { configuredModels } = await import('@flotilla/llm')
  const registry = configuredModels({
    ANTHROPIC_API_KEY: settings.anthropicApiKey,
    ANTHROPIC_BASE_URL: settings.anthropicBaseUrl,
    OPENAI_API_KEY: settings.openaiApiKey,
    OPENAI_BASE_URL: settings.openaiBaseUrl,
    FLOTILLA_MODEL: settings.model,
    FLOTILLA_UTILITY_MODEL: settings.utilityModel,
  })
  const { defaultModel, simulated } = registry.describe()
  return { model: defaultModel, utilityModel: registry.utilityModel, simulated, problems: registry.problems() }
}

/** Says plainly who will answer. */
export function modelLine({ model, utilityModel, simulated }: ChosenModels): string {
  if (!simulated) return `Model: ${model}${utilityModel === model ? '' : ` (${utilityModel} for small work)`}`
  if (!model.startsWith('offline')) return `Model: ${model}, simulated: for tests and benchmarks`
  return 'Model: offline, simulated. No language model runs: answers are put together from your documents. Set ANTHROPIC_API_KEY or OPENAI_API_KEY for real ones.'
}
