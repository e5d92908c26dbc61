import type { ModelOutcome, ModelProvider } from '../port.ts'
import {
  COLD_PREFIX,
  decidePrefix,
  DEFAULT_PREFIX,
  type PrefixConfig,
  type PrefixEvent,
  type PrefixOutcome,
  type PrefixState,
} from './decide-prefix.ts'
import { prefixKey } from './prefix-key.ts'

/**
 * The provider, with calls that share a prefix held back in this process until the first of them has begun to answer,
 * each for `waitMs` at most: a first call that fails is followed by another, a slow one is overtaken.
 */
export function sharePrefix(
  provider: ModelProvider,
  deps: Readonly<{ now: () => number; config?: Partial<PrefixConfig> }>,
): ModelProvider {
  const config = { ...DEFAULT_PREFIX, ...deps.config }
  const prefixes = createPrefixes(config, deps.now)
  const turnAt = async (key: string, signal: AbortSignal): Promise<PrefixOutcome> => {
    const patientUntil = deps.now() + config.waitMs
    let outcome = prefixes.decide(key, 'ask')
    while (outcome.is === 'wait' && deps.now() < patientUntil && !signal.aborted) {
      await prefixes.changed(key, Math.min(outcome.until, patientUntil), signal)
      outcome = prefixes.decide(key, 'ask')
    }
    return outcome
  }
  return {
    ...provider,
    call: async (request, options) => {
      const key = prefixKey(request)
      if (key === undefined) return provider.call(request, options)
      const outcome = await turnAt(key, options.signal)
      const instead = options.instead?.()
      if (instead) {
        if (outcome.is === 'write') prefixes.decide(key, 'failed')
        return instead
      }
      if (outcome.is === 'wait') return provider.call(request, options)
      let began = false
      const begin = (): void => {
        if (!began) prefixes.decide(key, 'began')
        began = true
      }
      const onText = (delta: string): void => {
        begin()
        options.onText?.(delta)
      }
      const answer = await provider.call(request, { ...options, onText })
      if (hasBegun(answer)) begin()
      else if (!began && outcome.is === 'write') prefixes.decide(key, 'failed')
      return answer
    },
  }
}

const hasBegun = (outcome: ModelOutcome): boolean => outcome.ok || outcome.usage !== undefined

function createPrefixes(config: PrefixConfig, now: () => number) {
  const states = new Map<string, PrefixState>()
  const waiting = new Map<string, Set<() => void>>()
  return {
    decide: (key: string, event: PrefixEvent): PrefixOutcome => {
      const { state, outcome } = decidePrefix(config, states.get(key) ?? COLD_PREFIX, event, now())
      forgetCold(states, now())
      states.set(key, state)
      if (event !== 'ask') for (const wake of waiting.get(key) ?? []) wake()
      return outcome
    },
    /** Resolves when the prefix is written or was not, at `until`, or when the signal fires. */
    changed: async (key: string, until: number, signal: AbortSignal): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const wakes = waiting.get(key) ?? new Set()
      waiting.set(key, wakes.add(resolve))
      const timer = setTimeout(resolve, Math.max(0, until - now()))
      const abort = (): void => resolve()
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) resolve()
      await promise
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      wakes.delete(resolve)
      if (wakes.size === 0) waiting.delete(key)
    },
  }
}

function forgetCold(states: Map<string, PrefixState>, now: number): void {
  if (states.size < 1000) return
  for (const [key, { warmUntil, writingUntil }] of states)
    if (Math.max(warmUntil, writingUntil) < now) states.delete(key)
}
