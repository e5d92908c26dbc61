import type { Result } from '../model-name.ts'
import type { ModelRegistry } from '../registry.ts'
import type { ChainLink } from './call-chain.ts'

export type ResolvedChain = Readonly<{ links: readonly [ChainLink, ...ChainLink[]]; problems: readonly string[] }>

/**
 * A model and those that may stand in for it, in order and each once. A fallback that is not set up is left out and
 * named in `problems`; a model of choice that is not is no chain. A simulated model never stands in for a real one.
 */
export function resolveChain(
  registry: ModelRegistry,
  model: string,
  fallbacks: readonly string[],
): Result<ResolvedChain> {
  const chosen = registry.resolve(model)
  if (!chosen.ok) return chosen
  const links: [ChainLink, ...ChainLink[]] = [chosen.value]
  const problems: string[] = []
  for (const ref of fallbacks) {
    const found = registry.resolve(ref)
    if (!found.ok) problems.push(found.message)
    else if (found.value.provider.simulated && !chosen.value.provider.simulated) {
      problems.push(`${found.value.ref} makes its answers up and cannot stand in for ${chosen.value.ref}`)
    } else if (!links.some((link) => link.ref === found.value.ref)) links.push(found.value)
  }
  return { ok: true, value: { links, problems } }
}
