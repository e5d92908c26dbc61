import {
  NO_TOKENS,
  createScriptedProvider,
  type ModelProvider,
  type Script,
  type ScriptedProvider,
} from '@flotilla/llm'
import type { AskDeps } from './ask-model.ts'
import { callDirectly } from './model-call.ts'

/** A model that answers these texts one after the other, taken for a real one, and the deps to ask it with. */
export function scripted(script: Script, changes: Partial<AskDeps> = {}): { deps: AskDeps; model: ScriptedProvider } {
  const model = createScriptedProvider({ script })
  const provider: ModelProvider = {
    name: 'scripted',
    simulated: false,
    call: (request, options) => model.call(request, options),
  }
  let nowMs = 1_000
  const deps: AskDeps = {
    call: callDirectly({
      provider,
      model: 'default',
      modelRef: 'scripted:default',
      costOf: (usage) => usage.outputTokens * 0.001,
    }),
    modelRef: 'scripted:default',
    simulated: false,
    now: () => (nowMs += 500),
    ...changes,
  }
  return { deps, model }
}

export const usageOf = (inputTokens: number, outputTokens: number) => ({ ...NO_TOKENS, inputTokens, outputTokens })
