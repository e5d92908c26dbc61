/** A chosen model: `provider` is the part before the colon, `model` the provider's own name for it. */
export type ModelName = { provider: string; model: string }

export const MODEL_PREFIXES = ['anthropic', 'openai', 'compatible', 'offline', 'scripted', 'noop'] as const

export type Result<T> = { ok: true; value: T } | { ok: false; message: string }

const FORMS =
  'expected anthropic:<model>, openai:<model>, compatible:<model> (a server with an OpenAI-compatible API) or offline:<model>'

/** Prefixes that may stand alone, since their model's name says nothing. */
const NAMELESS = new Set(['offline', 'scripted', 'noop'])

/**
 * Reads a model as configuration and API write it, such as `anthropic:claude-sonnet-5-5`. A bare `claude…` is
 * Anthropic's, a bare `gpt…` or `o3…` OpenAI's. Only the first colon divides, so `compatible:llama3:8b` works.
 */
export function parseModelName(value: string, extraPrefixes: readonly string[] = []): Result<ModelName> {
  const text = value.trim()
  if (text === '') return { ok: false, message: `the model's name is empty: ${FORMS}` }
  const colon = text.indexOf(':')
  const prefix = colon < 0 ? text : text.slice(0, colon)
  const known = (MODEL_PREFIXES as readonly string[]).includes(prefix) || extraPrefixes.includes(prefix)
  if (colon < 0) {
    if (known && NAMELESS.has(prefix)) return { ok: true, value: { provider: prefix, model: 'default' } }
    return inferProvider(text)
  }
  const model = text.slice(colon + 1).trim()
  if (known && model !== '') return { ok: true, value: { provider: prefix, model } }
  if (known) return { ok: false, message: `"${text}" names no model after the colon: ${FORMS}` }
  return {
    ok: false,
    message: `"${text}" begins with no known provider ("${prefix}"): ${FORMS}; a local model is written compatible:${text}`,
  }
}

function inferProvider(model: string): Result<ModelName> {
  if (/^claude[-_]/.test(model)) return { ok: true, value: { provider: 'anthropic', model } }
  if (/^(gpt-|chatgpt-|o\d)/.test(model)) return { ok: true, value: { provider: 'openai', model } }
  return { ok: false, message: `"${model}" does not tell which provider it belongs to: ${FORMS}` }
}

export const formatModelName = (name: ModelName): string => `${name.provider}:${name.model}`

/** What is wrong with a key that stands for models in a table of settings, as `provider:model` or `provider:`; null: nothing. */
export function modelKeyProblem(key: string): string | null {
  const prefix = key.slice(0, key.indexOf(':') + 1)
  const known = MODEL_PREFIXES.map((each) => `${each}:`)
  if (known.includes(prefix)) return null
  const meant = prefix === '' ? inferProvider(key) : null
  const hint = meant?.ok ? `; write "${formatModelName(meant.value)}"` : ''
  return `names no model: expected provider:model, or provider: for all its models, with one of ${known.join(', ')}${hint}`
}

/** Whether a value is such a table: a list is none, though it has keys as well. */
export const isTable = (value: unknown): boolean => !Array.isArray(value)
