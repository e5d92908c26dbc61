import { createOfflineProvider } from './offline/index.ts'
import { createNoopProvider } from './providers/noop.ts'
import { createModelRegistry, type ModelRegistry } from './registry.ts'

/** The settings that choose models, by the names that operators write them under. */
export type ModelSettings = Readonly<
  Partial<
    Record<
      | 'ANTHROPIC_API_KEY'
      | 'ANTHROPIC_BASE_URL'
      | 'OPENAI_API_KEY'
      | 'OPENAI_BASE_URL'
      | 'FLOTILLA_MODEL'
      | 'FLOTILLA_UTILITY_MODEL',
      string | undefined
    >
  >
>

/** The models that the settings give, with the offline one beside them; `problems()` says what is wrong with the choice. */
export function configuredModels(settings: ModelSettings): ModelRegistry {
  const { ANTHROPIC_API_KEY: anthropicKey, FLOTILLA_MODEL: model, FLOTILLA_UTILITY_MODEL: utilityModel } = settings
  return createModelRegistry({
    ...(anthropicKey === undefined
      ? {}
      : { anthropic: { apiKey: anthropicKey, ...given('baseURL', settings.ANTHROPIC_BASE_URL) } }),
    openai: { ...given('apiKey', settings.OPENAI_API_KEY), ...given('baseURL', settings.OPENAI_BASE_URL) },
    offline: createOfflineProvider(),
    extra: { noop: createNoopProvider() },
    ...given('model', model),
    ...given('utilityModel', utilityModel),
  })
}

const given = <Name extends string>(name: Name, value: string | undefined): { [Key in Name]?: string } =>
  value === undefined ? {} : ({ [name]: value } as { [Key in Name]?: string })
