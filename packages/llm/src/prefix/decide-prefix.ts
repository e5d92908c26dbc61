/** What is known of one prefix: since when a first call writes it, or until when it is in the provider's cache. */
export type PrefixState = Readonly<{ writingUntil: number; warmUntil: number }>

export const COLD_PREFIX: PrefixState = { writingUntil: 0, warmUntil: 0 }

export type PrefixConfig = Readonly<{
  /** How long others wait for the first call's answer to begin, at most. */
  waitMs: number
  /** How long a cache keeps what is read: five minutes at Anthropic, more at OpenAI. */
  keptMs: number
}>

export const DEFAULT_PREFIX: PrefixConfig = { waitMs: 8000, keptMs: 290_000 }

export type PrefixEvent = 'ask' | 'began' | 'failed'

/** `write` goes first and writes the cache; `read` finds it there; `wait` lets the first begin, until then at most. */
export type PrefixOutcome = Readonly<{ is: 'write' | 'read' | 'noted' }> | Readonly<{ is: 'wait'; until: number }>

/**
 * A cache can be read once the answer that writes it has begun. Tasks of a run that begin together would each pay to
 * write what they share: all but the first wait for that moment.
 */
export function decidePrefix(
  config: PrefixConfig,
  state: PrefixState,
  event: PrefixEvent,
  now: number,
): Readonly<{ state: PrefixState; outcome: PrefixOutcome }> {
  if (event === 'began') {
    return { state: { writingUntil: 0, warmUntil: now + config.keptMs }, outcome: { is: 'noted' } }
  }
  if (event === 'failed') return { state: { ...state, writingUntil: 0 }, outcome: { is: 'noted' } }
  if (now < state.warmUntil) return { state, outcome: { is: 'read' } }
  if (now < state.writingUntil) return { state, outcome: { is: 'wait', until: state.writingUntil } }
  return { state: { ...state, writingUntil: now + config.waitMs }, outcome: { is: 'write' } }
}
