import type { ModelRegistry, Result } from '@flotilla/llm'
import { resolveChain } from '@flotilla/llm'
import type { CallChain } from './call-walk.ts'

/**
 * A model with those that may stand in for it: where it does not answer, the fallback models; where a budget asks to save,
 * these and the utility model. `allowed` are an agent's own, for both.
 */
export function resolveModels(
  deps: Readonly<{ models: ModelRegistry; fallbackModels: readonly string[] }>,
  model: string,
  allowed?: readonly string[],
): Result<CallChain> {
  const { models, fallbackModels } = deps
  const chain = resolveChain(models, model, allowed ?? fallbackModels)
  if (!chain.ok) return chain
  const { links } = chain.value
  if (allowed !== undefined) return { ok: true, value: { links, savers: links } }
  const all = resolveChain(models, model, [...fallbackModels, models.utilityModel])
  return { ok: true, value: { links, savers: all.ok ? all.value.links : links } }
}
